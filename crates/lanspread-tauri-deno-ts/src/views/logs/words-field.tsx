// A field for words that narrow a log.
//
// Invariant: it is a field like any other and takes no key that the page's search has.

interface WordsFieldProps {
  label: string;
  words: string;
  onType(words: string): void;
}

export function WordsField({ label, words, onType }: WordsFieldProps) {
  return (
    <label className="select">
      <span>{label}</span>
      <input
        type="text"
        inputMode="search"
        autoComplete="off"
        spellCheck={false}
        value={words}
        onChange={(event) => onType(event.target.value)}
      />
    </label>
  );
}
