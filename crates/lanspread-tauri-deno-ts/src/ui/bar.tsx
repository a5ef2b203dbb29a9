// Bars that show a share.
//
// Invariant: a share that is not known is drawn as movement and carries no figure for screen readers
// either.

export function ProgressBar({ share, label }: { share: number | null; label: string }) {
  return (
    <div
      className={share === null ? "bar bar-unknown" : "bar"}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.floor(share * 100)}
    >
      <div
        className="bar-fill"
        style={share === null ? undefined : { transform: `scaleX(${share})` }}
      />
    </div>
  );
}

/** A bar beside a figure that says the same, so it is nothing for screen readers. */
export function RateBar({ share }: { share: number }) {
  return (
    <div className="bar bar-thin" aria-hidden="true">
      <div className="bar-fill" style={{ transform: `scaleX(${share})` }} />
    </div>
  );
}
