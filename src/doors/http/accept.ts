/** Which form of an answer a client takes (RFC 9110, 12.5.1). Pure. */

/** One range of `Accept`, with how much it is wanted, from 0 (not at all) to 1. */
interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

/** A range, perhaps with parameters, of which only `q` counts. */
const RANGE = /^\s*([^\s/;,]+)\/([^\s/;,]+)\s*((?:;[^,]*)?)$/;
const QUALITY = /;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)/i;

/**
 * The form that the client wants most, of those offered; the first of several that it wants alike.
 * @param accept `undefined` or malformed: anything
 * @param offers such as `text/plain`, in the order of the server's own wish
 * @returns `undefined` if it takes none of them
 */
export function preferredForm<T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | undefined {
  const [first] = offers;
  if (accept === undefined || accept === '*/*' || accept === first) return first;
  const ranges = accept.split(',').flatMap((text) => rangeOf(text) ?? []);
  if (ranges.length === 0) return first;
  let best: T | undefined;
  let bestQuality = 0;
  for (const offer of offers) {
    const quality = qualityOf(offer, ranges);
    if (quality > bestQuality) [best, bestQuality] = [offer, quality];
  }
  return best;
}

function rangeOf(text: string): MediaRange | undefined {
  const [, type, subtype, parameters = ''] = RANGE.exec(text) ?? [];
  if (type === undefined || subtype === undefined) return undefined;
  const [, quality] = QUALITY.exec(parameters) ?? [];
  return {
    type: type.toLowerCase(),
    subtype: subtype.toLowerCase(),
    quality: quality === undefined ? 1 : Number(quality),
  };
}

/** The most specific range that covers the form decides. */
function qualityOf(offer: string, ranges: readonly MediaRange[]): number {
  const [type, subtype] = offer.split('/');
  let found = 0;
  let rank = -1;
  for (const range of ranges) {
    const isType = range.type === type;
    if (!isType && range.type !== '*') continue;
    if (range.subtype !== subtype && range.subtype !== '*') continue;
    const specific = (isType ? 1 : 0) + (range.subtype === subtype ? 1 : 0);
    if (specific <= rank) continue;
    [rank, found] = [specific, range.quality];
  }
  return found;
}

/** A coding of `Accept-Encoding`, perhaps with its quality. */
const CODING = /^\s*([^\s;,]+)\s*((?:;[^,]*)?)$/;

/**
 * The content coding that a client wants most, of those offered; the first of several that it wants alike.
 * @param accept `undefined`: it says nothing, and gets `identity`
 * @param offers in the order of the server's own wish
 * @returns `identity` too if it takes none of them: who refuses even that gets it all the same
 */
export function preferredCoding<T extends string>(
  accept: string | undefined,
  offers: readonly T[],
): T | 'identity' {
  if (accept === undefined) return 'identity';
  const qualities = new Map<string, number>();
  for (const text of accept.split(',')) {
    const [, name, parameters = ''] = CODING.exec(text) ?? [];
    const [, quality] = QUALITY.exec(parameters) ?? [];
    if (name !== undefined) qualities.set(name.toLowerCase(), quality === undefined ? 1 : Number(quality));
  }
  const qualityFor = (offer: string): number => qualities.get(offer) ?? qualities.get('*') ?? 0;
  let best: T | 'identity' = 'identity';
  let bestQuality = qualities.get('identity') ?? 0;
  for (const offer of offers) {
    // A coding that is wanted as much as the plain file is shorter.
    const isBetter =
      qualityFor(offer) > bestQuality || (best === 'identity' && qualityFor(offer) === bestQuality);
    if (qualityFor(offer) > 0 && isBetter) [best, bestQuality] = [offer, qualityFor(offer)];
  }
  return best;
}
