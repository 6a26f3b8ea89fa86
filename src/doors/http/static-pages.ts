/** The files of the panel, as browsers get them. Pure. */
import type { IncomingHttpHeaders } from 'node:http';
import type { StaticFile, StaticFiles } from '../../files/static-files.js';
import { preferredCoding } from './accept.js';
import type { HttpAnswer, HttpFields } from './exchange.js';
import { preconditionsOf, readOutcome } from './preconditions.js';
import { HttpRefusal } from './problems.js';

/** Nothing runs but what this server sends as a file; a text never becomes markup or code. */
const PANEL_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** A page that opened it by a link holds nothing of it. */
const PAGE_PROTECTION = {
  'content-security-policy': PANEL_POLICY,
  'cross-origin-opener-policy': 'same-origin',
} as const;

/** The page itself names the files that it needs, so it must be that of the program that runs. */
const INDEX = 'index.html';
/** Files below this have their hash in their names. */
const ASSETS = 'painel/assets/';
const FOR_EVER = 'public, max-age=31536000, immutable';

/** Finds files by exact path: only those that were there at the start can be named. */
export class StaticPages {
  private readonly byPath = new Map<string, readonly [file: StaticFile, fields: HttpFields]>();

  /** @param index the page at `/` */
  constructor(files: StaticFiles, index = INDEX) {
    for (const [name, file] of files) {
      const type = { 'content-type': file.type };
      if (name === index) this.byPath.set('/', [file, { ...type, ...PAGE_PROTECTION }]);
      if (name.startsWith(ASSETS))
        this.byPath.set(`/${name}`, [file, { ...type, 'cache-control': FOR_EVER }]);
    }
  }

  /**
   * @param path without its query
   * @returns `undefined` if there is no such file
   * @throws HttpRefusal 412, KvsError PEDIDO_INVALIDO for malformed preconditions
   */
  at(path: string, headers: IncomingHttpHeaders): HttpAnswer | undefined {
    const [file, own] = this.byPath.get(path) ?? [];
    if (file === undefined) return undefined;
    const coding = preferredCoding(headers['accept-encoding'], codingsOf(file));
    const etag = coding === 'identity' ? `"${file.hash}"` : `"${file.hash}.${coding}"`;
    const fields = { ...own, etag, vary: 'accept-encoding' };
    const conditions = preconditionsOf(headers);
    const status = conditions === undefined ? 200 : readOutcome(conditions, etag);
    if (status === 412) throw new HttpRefusal(412, 'o arquivo não é o que If-Match diz');
    if (status === 304) return { status, fields };
    const body = { br: file.brotli, gzip: file.gzip, identity: undefined }[coding] ?? file.content;
    return {
      status,
      fields: coding === 'identity' ? fields : { ...fields, 'content-encoding': coding },
      body,
    };
  }
}

/** The server's own wish first. */
function codingsOf({ brotli, gzip }: StaticFile): readonly ('br' | 'gzip')[] {
  return [...(brotli === undefined ? [] : ['br' as const]), ...(gzip === undefined ? [] : ['gzip' as const])];
}
