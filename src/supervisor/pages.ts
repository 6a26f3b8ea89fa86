import type { IncomingHttpHeaders } from 'node:http';
import { panelFolder, readStaticFiles } from '../files/static-files.js';
import type { HttpAnswer } from '../doors/http/exchange.js';
import { StaticPages } from '../doors/http/static-pages.js';

/** The page at `/`, beside that of the panel. */
const PAGE = 'laboratorio.html';

/** The files of the laboratory's page, by their paths. */
export async function laboratoryPages(): Promise<
  (path: string, headers: IncomingHttpHeaders) => HttpAnswer | undefined
> {
  const pages = new StaticPages(await readStaticFiles(panelFolder()), PAGE);
  return (path, headers) => pages.at(path, headers);
}
