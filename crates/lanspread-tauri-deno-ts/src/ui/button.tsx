// Buttons.
//
// Invariant: a button whose command was asked and not answered keeps the focus and does nothing; it
// says that it waits.

import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";

export interface ButtonProps {
  kind?: "main" | "quiet" | "danger" | "plain";
  icon?: IconName;
  /** What a screen reader says, where the words on the button need their surroundings. */
  label?: string;
  waits?: boolean;
  autoFocus?: boolean;
  submits?: boolean;
  onPress?: () => void;
  children?: ReactNode;
}

export function Button(
  { kind = "quiet", icon, label, waits = false, autoFocus = false, submits, onPress, children }:
    ButtonProps,
) {
  return (
    <button
      type={submits ? "submit" : "button"}
      className={`button button-${kind}${children === undefined ? " button-round" : ""}`}
      aria-label={label}
      aria-disabled={waits || undefined}
      autoFocus={autoFocus}
      onClick={(event) => {
        if (waits) event.preventDefault();
        else onPress?.();
      }}
    >
      {icon && <Icon name={icon} />}
      {children !== undefined && <span>{children}</span>}
    </button>
  );
}
