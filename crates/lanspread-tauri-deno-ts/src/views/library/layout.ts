// How many cards fit beside each other, and how large they are.
//
// Invariant: sizes follow the size of letters (`rem`), so a page whose letters are made larger gets
// larger cards and not cut words. It does not know what is on a card.

import type { Density, Shape } from "../../state/preferences.ts";

export interface Layout {
  columns: number;
  cardWidth: number;
  cardHeight: number;
  artHeight: number;
  gap: number;
}

const CARD = { widthMin: 15, body: 7.6, gap: 1 };
/** A card with an upright picture: two fit beside each other on a telephone, too. */
const BOX = { ...CARD, widthMin: 11.5, pairFrom: 18 };
/** The height is also the token `--row-height`. */
const ROW = { widthMin: 23, height: 5.25, gap: 0.5 };
/** Height of a picture by its width; a card as wide as the screen gets a flatter one. */
const ART_RATIO = { many: 0.5, one: 0.34, box: 1.4 };

/** The layout of a grid that is `width` pixels wide, with `rem` pixels to a letter's height. */
export function layout(width: number, rem: number, density: Density, shape: Shape): Layout {
  const isBox = shape === "box" && density !== "compact";
  const measures = density === "compact" ? ROW : isBox ? BOX : CARD;
  const gap = measures.gap * rem;
  const columnsMin = isBox && width >= BOX.pairFrom * rem ? 2 : 1;
  const fitting = Math.floor((width + gap) / (measures.widthMin * rem + gap));
  const columns = Math.max(columnsMin, fitting);
  const cardWidth = (width - gap * (columns - 1)) / columns;
  if (density === "compact") {
    const cardHeight = ROW.height * rem;
    return { columns, cardWidth, cardHeight, artHeight: cardHeight, gap };
  }
  const ratio = columns === 1 ? ART_RATIO.one : isBox ? ART_RATIO.box : ART_RATIO.many;
  const artHeight = Math.round(cardWidth * ratio);
  return { columns, cardWidth, cardHeight: artHeight + CARD.body * rem, artHeight, gap };
}

/** The card that an arrow key leads to from a card; the same card at an edge. */
export function neighbour(index: number, key: string, columns: number, count: number): number {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (step === undefined) return index;
  const next = index + step;
  return next < 0 || next >= count ? index : next;
}
