/** The one-time token in the part of an address after `#`; `undefined`: that names a place of the page, or nothing. Pure. */
export function linkToken(hash: string): string | undefined {
  return /^#([\w-]{20,200})$/.exec(hash)?.[1];
}
