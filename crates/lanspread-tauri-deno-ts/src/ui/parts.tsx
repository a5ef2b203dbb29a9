// Small parts that several views share.
//
// Invariant: names of peers and games are isolated in their direction of writing wherever they stand.

import { type ReactNode, useId } from "react";

export function Name({ children }: { children: string }) {
  return <bdi className="name">{children}</bdi>;
}

/** A titled part of a view. */
interface SectionProps {
  title: string;
  /** Whether it takes the whole width of a view with two columns. */
  wide?: boolean;
  children: ReactNode;
}

export function Section({ title, wide = false, children }: SectionProps) {
  const id = useId();
  return (
    <section className={wide ? "section section-wide" : "section"} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

/** A quiet line where a list would stand. */
export function Nothing({ children }: { children: ReactNode }) {
  return <p className="nothing">{children}</p>;
}

/** A list of facts. */
export function Facts({ facts }: { facts: [string, ReactNode][] }) {
  return (
    <dl className="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ChoiceProps<T extends string> {
  label: string;
  options: readonly T[];
  /** `null` while none is chosen. */
  value: T | null;
  words(option: T): string;
  /** Whether each option shows the colour that it stands for. */
  swatches?: boolean;
  onChoose(option: T): void;
}

/** One of a few, all of them to be seen. */
export function Choice<T extends string>(
  { label, options, value, words, swatches, onChoose }: ChoiceProps<T>,
) {
  const name = useId();
  return (
    <fieldset className="choice">
      <legend>{label}</legend>
      <div className="choice-options">
        {options.map((option) => (
          <label key={option} className="choice-option" data-option={option} data-swatch={swatches}>
            <input
              type="radio"
              name={name}
              checked={option === value}
              onChange={() =>
                onChoose(option)}
            />
            <span>{words(option)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SelectProps {
  label: string;
  value: string;
  options: { value: string; words: string }[];
  onChoose(value: string): void;
}

/** One of many. */
export function Select({ label, value, options, onChoose }: SelectProps) {
  return (
    <label className="select">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChoose(event.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>{option.words}</option>
        ))}
      </select>
    </label>
  );
}
