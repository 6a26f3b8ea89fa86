/** Limits on the nesting of JSON and on the number of its parts. */
export interface JsonShape {
  /** How deep lists and objects may be nested. */
  readonly depth: number;
  /** Number of lists, objects, and further elements in them. */
  readonly parts: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d];

/**
 * Whether JSON in UTF-8 stays within a shape: one pass over the bytes, without allocation, that stops where the shape
 * is exceeded. To be called before a parser, which would make an object for every two bytes of `[[[[`. Does not check
 * whether the input is valid JSON.
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
