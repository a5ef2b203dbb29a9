// Who fetches what from here, and how fast, the fastest first.
//
// Invariant: it shows the snapshot's uploads and nothing else; names are of peers that are or were here.

import { gameTitle, peerName } from "../../state/names.ts";
import { RateBar } from "../../ui/bar.tsx";
import { useApp, useSnapshot } from "../../ui/context.ts";
import { Name, Nothing, Section } from "../../ui/parts.tsx";

export function Uploads() {
  const { texts, format } = useApp();
  const snapshot = useSnapshot();
  const uploads = snapshot.uploads.toSorted((a, b) => b.rate_bytes_per_s - a.rate_bytes_per_s);
  const greatest = Math.max(1, uploads[0]?.rate_bytes_per_s ?? 0);
  return (
    <Section title={texts.transfers.uploads}>
      {uploads.length === 0 && <Nothing>{texts.transfers.noUploads}</Nothing>}
      <ul className="sources">
        {uploads.map((upload) => (
          <li key={`${upload.peer_id} ${upload.id}`}>
            <Name>{peerName(snapshot, upload.peer_id)}</Name>
            <RateBar share={upload.rate_bytes_per_s / greatest} />
            <span className="sources-rate">{format.rate(upload.rate_bytes_per_s)}</span>
            <span className="sources-total">
              <bdi>{gameTitle(snapshot.games, upload.id)}</bdi>
              {" · "}
              {texts.transfers.upload(upload.requests)}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}
