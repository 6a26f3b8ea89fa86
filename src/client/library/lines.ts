import type { MethodName } from '../method.js';
import type { KvsLine } from './public.js';

/** A method of `frota.v1.Loja`. */
export function loja(method: string): MethodName {
  return { file: 'loja.proto', service: 'frota.v1.Loja', method };
}

/** `Linha` of `proto/loja.proto` as the loader decodes it: 64-bit numbers are texts. */
interface LineMessage {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
  readonly ts_ms: string;
  readonly origem: string;
  readonly servidor: string;
  readonly expira_ms: string;
  readonly atual: boolean;
  readonly irma: boolean;
  readonly estavel: boolean;
}

export function kvsLineOf(message: object): KvsLine {
  const { chave, valor, versao, ts_ms, origem, servidor, expira_ms, atual, irma, estavel } =
    message as LineMessage;
  const expiresAt = Number(expira_ms);
  return {
    ...{ key: chave, value: valor, version: versao, timestamp: Number(ts_ms) },
    ...{ origin: origem, server: servidor },
    ...(expiresAt !== 0 && { expiresAt }),
    ...{ isHead: atual, isSibling: irma, isStable: estavel },
  };
}

/** Whether a line comes after another in the history of their key. */
export function isAfter(line: KvsLine, other: KvsLine): boolean {
  if (line.version !== other.version) return line.version > other.version;
  if (line.timestamp !== other.timestamp) return line.timestamp > other.timestamp;
  return line.origin > other.origin;
}
