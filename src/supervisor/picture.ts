import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { textLines } from '../files/text-lines.js';
import { supervisorLimits } from './limits.js';

/** How a server says that it is, as far as the laboratory wants to know. */
export interface Picture {
  /** Of its content; empty where the engine has none. */
  readonly storeHash: string;
  readonly vector: Readonly<Record<string, number>>;
  readonly keys: number;
  readonly versions: number;
  /** Address of the replica that leads; empty if unknown, or on other engines. */
  readonly leader: string;
  /** Whether the broker of its fleet runs within it. */
  readonly isBroker: boolean;
}

interface PictureListener {
  /** Which start of the server this is. */
  onOrigin(origin: string): void;
  onPicture(picture: Picture): void;
}

/** What is read of the stream that feeds the panel (`src/doors/http/panel-json.ts`). */
interface PanelLine {
  readonly tipo?: string;
  readonly servidor?: { readonly origem?: string };
  readonly servidores?: readonly PanelPeer[];
  readonly dados?: { readonly chaves?: number; readonly versoes?: number };
  readonly consenso?: { readonly lider?: string } | null;
  readonly broker?: { readonly aqui?: boolean } | null;
}

interface PanelPeer {
  readonly eu?: boolean;
  readonly resumo?: string;
  readonly vetor?: readonly (readonly [origin: string, seq: number])[];
}

/**
 * Reads how a server is, from the stream that feeds its panel, and again where that breaks off.
 * @returns what ends it
 */
export function followPictures(port: number, listener: PictureListener): () => void {
  const controller = new AbortController();
  void readAgain(port, listener, controller.signal);
  return () => {
    controller.abort();
  };
}

async function readAgain(port: number, listener: PictureListener, signal: AbortSignal): Promise<void> {
  for (let waitMs: number = supervisorLimits.retryMs; !signal.aborted;) {
    // A stream that told something was no failure.
    const hasTold = await readOnce(port, listener, signal);
    waitMs = hasTold ? supervisorLimits.retryMs : Math.min(2 * waitMs, supervisorLimits.pictureRetryMs);
    await pause(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** @returns whether it told anything; what ends it is of no matter: the server may have ended, or be one of another kind */
async function readOnce(port: number, listener: PictureListener, signal: AbortSignal): Promise<boolean> {
  let hasTold = false;
  try {
    const response = await responseOf(port, signal);
    for await (const text of textLines(response, supervisorLimits.pictureLineBytes, 'o painel')) {
      takeLine(JSON.parse(text) as PanelLine, listener);
      hasTold = true;
    }
  } catch {
    return hasTold;
  }
  return hasTold;
}

function responseOf(port: number, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, path: '/v1/painel', agent: false, signal }, resolve);
    request.on('error', reject);
  });
}

function takeLine(line: PanelLine, listener: PictureListener): void {
  if (line.tipo === 'inicio') listener.onOrigin(line.servidor?.origem ?? '');
  if (line.tipo !== 'quadro') return;
  const { dados, servidores = [], consenso, broker } = line;
  const self = servidores.find(({ eu }) => eu === true);
  listener.onPicture({
    storeHash: self?.resumo ?? '',
    vector: Object.fromEntries(self?.vetor ?? []),
    keys: dados?.chaves ?? 0,
    versions: dados?.versoes ?? 0,
    leader: consenso?.lider ?? '',
    isBroker: broker?.aqui === true,
  });
}
