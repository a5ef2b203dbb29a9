// The picture of a game that has no cover: drawn from its id, so it is the same on every PC.
//
// Invariant: the same id gives the same picture. It does not know where the picture is shown, and uses
// gradients only, so that five thousand of them cost nothing.

import { oklch } from "./oklch.ts";

/** A picture as values of CSS. */
export interface Picture {
  background: string;
  initials: string;
}

/** The picture of a game. */
export function picture(id: string, title: string): Picture {
  const seed = hash(id);
  const hue = seed % 360;
  const second = (hue + 35 + (seed >>> 9) % 60) % 360;
  const angle = 100 + (seed >>> 15) % 70;
  const pattern = PATTERNS[(seed >>> 22) % PATTERNS.length] ?? stripes;
  const light = oklch(0.74, 0.13, second, 0.55);
  const glow = `radial-gradient(circle at ${
    15 + (seed >>> 5) % 70
  }% 0%, ${light}, transparent 62%)`;
  const [near, far] = [oklch(0.42, 0.11, hue), oklch(0.27, 0.08, second)];
  const ground = `linear-gradient(${angle}deg, ${near}, ${far})`;
  return { background: `${pattern(seed)}, ${glow}, ${ground}`, initials: initials(title, id) };
}

/** Up to two letters or digits that stand for a title. */
export function initials(title: string, id: string): string {
  const words = title.match(/[\p{L}\p{N}]+/gu) ?? id.match(/[\p{L}\p{N}]+/gu) ?? ["?"];
  const [first = "?", second] = words;
  const letters = second === undefined ? [...first].slice(0, 2) : [[...first][0], [...second][0]];
  return letters.join("").toLocaleUpperCase();
}

const INK = "rgb(255 255 255 / 0.07)";

const PATTERNS = [stripes, rings, facets, dots];

function stripes(seed: number): string {
  const angle = 20 + (seed >>> 3) % 140;
  return `repeating-linear-gradient(${angle}deg, ${INK} 0 10px, transparent 10px 30px)`;
}

function rings(seed: number): string {
  const [x, y] = [(seed >>> 4) % 100, 60 + (seed >>> 11) % 60];
  return `repeating-radial-gradient(circle at ${x}% ${y}%, ${INK} 0 9px, transparent 9px 27px)`;
}

function facets(seed: number): string {
  const [x, turn] = [25 + (seed >>> 6) % 50, (seed >>> 13) % 360];
  return `repeating-conic-gradient(from ${turn}deg at ${x}% 110%, ${INK} 0 12deg, transparent 12deg 30deg)`;
}

function dots(seed: number): string {
  const size = 16 + (seed >>> 7) % 10;
  return `radial-gradient(circle, rgb(255 255 255 / 0.12) 2px, transparent 2.5px) 0 0 / ${size}px ${size}px`;
}

/** FNV-1a over UTF-16 units, stirred, since ids differ in few letters. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  value = Math.imul(value ^ (value >>> 15), 0x2c1b3c6d);
  return (value ^ (value >>> 13)) >>> 0;
}
