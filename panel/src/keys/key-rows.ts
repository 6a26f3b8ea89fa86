import type { LineJson } from '../../../src/doors/http/schemas.js';
import { shortened } from '../parts/invisible.js';
import { compareKeys, compareVersions, placeIn } from './order.js';

/** A row of the list: the latest version of a key, its value in part. */
export type KeyRow = Omit<LineJson, 'valor'> & { readonly preview: string };

/** @param chars of the value that are kept */
export function keyRowOf({ valor, ...line }: LineJson, chars: number): KeyRow {
  return { ...line, preview: shortened(valor, chars) };
}

/** Rows in the order of their keys. Pages are added at the end, changes wherever they belong. Pure. */
export class KeyRows {
  private readonly rows: KeyRow[] = [];
  /** All keys are there; otherwise those after the last row are not known. */
  isWhole = false;

  get length(): number {
    return this.rows.length;
  }

  at(index: number): KeyRow | undefined {
    return this.rows[index];
  }

  /** The place of a key; -1 if it is not there. */
  indexOf(key: string): number {
    const at = this.placeOf(key);
    return this.rows[at]?.chave === key ? at : -1;
  }

  clear(): void {
    this.rows.length = 0;
    this.isWhole = false;
  }

  /** Adds a page. What changed since the page was read stays. */
  append(page: readonly KeyRow[]): void {
    const last = this.rows.at(-1);
    // Nearly always all of a page comes after what is there.
    const first = page[0];
    if (first !== undefined && (last === undefined || compareKeys(last.chave, first.chave) < 0)) {
      this.rows.push(...page);
    } else for (const row of page) this.put(row, true);
  }

  /**
   * A version was written: it is what the row shows, unless the row shows a later one.
   * @returns whether the list changed
   */
  put(row: KeyRow, isOfPage = false): boolean {
    const at = this.placeOf(row.chave);
    const present = this.rows[at];
    if (present?.chave === row.chave) {
      if (compareVersions(row, present) < 0) {
        if (row.versao !== present.versao || present.irma) return false;
        this.rows[at] = { ...present, irma: true };
        return true;
      }
      this.rows[at] = row;
      return true;
    }
    // Beyond the last page it comes with the page.
    if (at === this.rows.length && !this.isWhole && !isOfPage) return false;
    this.rows.splice(at, 0, row);
    return true;
  }

  /** What a key is now, as the server was asked. @param row `undefined`: the key has no version any more */
  set(key: string, row: KeyRow | undefined): void {
    const at = this.placeOf(key);
    const isThere = this.rows[at]?.chave === key;
    if (row === undefined) {
      if (isThere) this.rows.splice(at, 1);
    } else if (isThere) this.rows[at] = row;
    else if (at < this.rows.length || this.isWhole) this.rows.splice(at, 0, row);
  }

  private placeOf(key: string): number {
    return placeIn(this.rows, (row) => compareKeys(row.chave, key));
  }
}
