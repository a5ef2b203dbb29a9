// A colour that is named by how it looks, as one that every browser mixes at once.
//
// Invariant: pure. Gradients between colours of CSS's `oklch()` are mixed pixel by pixel in another space, which is
// slow where no graphics card does it; between colours of `rgb()` they are not.

/**
 * The colour of this lightness (0 to 1), chroma (0 to about 0.4) and hue (degrees) in sRGB; what lies outside of
 * it is cut off. The matrices are those of Oklab (Björn Ottosson, "A perceptual color space for image processing", 2020).
 */
export function oklch(lightness: number, chroma: number, hue: number, alpha = 1): string {
  const turn = hue * Math.PI / 180;
  const [a, b] = [chroma * Math.cos(turn), chroma * Math.sin(turn)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3;
  const red = byte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s);
  const green = byte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s);
  const blue = byte(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s);
  return `rgb(${red} ${green} ${blue} / ${alpha})`;
}

/** A part of linear light as sRGB writes it (IEC 61966-2-1). */
function byte(linear: number): number {
  const light = Math.min(1, Math.max(0, linear));
  const written = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * written);
}
