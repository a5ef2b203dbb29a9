// What a guest should know: what this page is, and how to take part.
//
// Invariant: it tells nothing of what is wrong with the peer, which a guest cannot mend.

import { useApp, useSnapshot } from "../../ui/context.ts";
import { Section } from "../../ui/parts.tsx";

export function GuestHelp() {
  const { texts } = useApp();
  const { me } = useSnapshot();
  const words = texts.guest;
  return (
    <div className="view view-narrow">
      <h1>{texts.help.title}</h1>
      <Section title={words.lookingTitle(me.name)}>
        <p>{words.lookingBody}</p>
      </Section>
      <Section title={words.installTitle}>
        <Steps steps={words.installSteps} />
      </Section>
      <Section title={words.zipTitle}>
        <Steps steps={words.zipSteps} />
      </Section>
    </div>
  );
}

function Steps({ steps }: { steps: string[] }) {
  return <ol className="steps">{steps.map((step) => <li key={step}>{step}</li>)}</ol>;
}
