// A switch: something that is on or off, and holds at once.
//
// Invariant: it shows what the peer said last. While a change is asked it stays as it is and says that it
// is busy.

interface SwitchProps {
  label: string;
  hint: string;
  isOn: boolean;
  isAsked: boolean;
  onToggle(on: boolean): void;
}

export function Switch({ label, hint, isOn, isAsked, onToggle }: SwitchProps) {
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={isOn}
        aria-busy={isAsked}
        onChange={() => onToggle(!isOn)}
      />
      <span>
        <strong>{label}</strong>
        <small>{hint}</small>
      </span>
    </label>
  );
}
