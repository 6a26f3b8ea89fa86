/** How much JSON may be nested, and of how many parts it may consist. */
export interface JsonShape {
  /** Lists and objects within each other. */
  readonly depth: number;
  /** Lists, objects, and what follows another part in one of them. */
  readonly parts: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON in UTF-8 stays within a shape: one look at each byte, nothing is made, and it ends where the shape does. To
 * be asked before a parser, which makes an object of each two bytes of `[[[[`. Says nothing about what is no JSON.
 */
export function isShaped(json: Uint8Array, { depth, parts }: JsonShape): boolean {
  let open = 0;
  let count = 0;
  for (let at = 0; at < json.length; at++) {
    switch (json[at]) {
      case QUOTE:
        for (at++; at < json.length && json[at] !== QUOTE; at++) if (json[at] === BACKSLASH) at++;
        break;
      case LIST:
      case OBJECT:
        if (++open > depth || ++count > parts) return false;
        break;
      case LIST_END:
      case OBJECT_END:
        open--;
        break;
      case COMMA:
        if (++count > parts) return false;
        break;
      default:
    }
  }
  return true;
}
