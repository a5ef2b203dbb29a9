// Dialogs: the side sheet of a game, and questions before something is lost.
//
// Invariant: while one is open the rest of the page cannot be reached, Escape closes the topmost, and
// the focus goes back to where it was. The browser's own `dialog` does all of that.

import { type ReactNode, useLayoutEffect, useRef } from "react";
import { Button } from "./button.tsx";
import { useApp } from "./context.ts";

interface DialogProps {
  className: string;
  label: string;
  onClose(): void;
  children: ReactNode;
}

export function Dialog({ className, label, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);

  // Closed while it is still a part of the page, since only then the browser gives the focus back.
  useLayoutEffect(() => {
    const shown = dialog.current;
    if (shown && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);

  return (
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      onCancel={(event) => {
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
      onClose={() => {
        if (!dialog.current?.open) onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      {children}
    </dialog>
  );
}

export interface Question {
  title: string;
  body: string;
  /** The folder that is meant. */
  folder?: string;
  /** What else is to be known before one decides. */
  after?: string;
  confirm: string;
  /** The words of leaving everything as it is, if they are not the usual ones. */
  keep?: string;
  /** What can be done in its place, with less lost. */
  instead?: { words: string; onPress(): void };
  /** Whether something is lost with it; it is unless said. */
  isLoss?: boolean;
  onConfirm(): void;
}

export function Confirm({ question, onClose }: { question: Question; onClose(): void }) {
  const { texts } = useApp();
  const { isLoss = true, instead } = question;
  return (
    <Dialog className="question" label={question.title} onClose={onClose}>
      <div className="question-body">
        <h2>{question.title}</h2>
        <p>{question.body}</p>
        {question.folder !== undefined && <Path path={question.folder} />}
        {question.after !== undefined && <p>{question.after}</p>}
        <div className="question-buttons">
          <Button autoFocus onPress={onClose}>
            {question.keep ?? (isLoss ? texts.confirm.keep : texts.confirm.leave)}
          </Button>
          {instead !== undefined && (
            <Button
              onPress={() => {
                instead.onPress();
                onClose();
              }}
            >
              {instead.words}
            </Button>
          )}
          <Button
            kind={isLoss ? "danger" : "main"}
            onPress={() => {
              question.onConfirm();
              onClose();
            }}
          >
            {question.confirm}
          </Button>
        </div>
      </div>
    </Dialog>
  );
}

export function Path({ path }: { path: string }) {
  return (
    <p className="path">
      <bdi>{path}</bdi>
    </p>
  );
}
