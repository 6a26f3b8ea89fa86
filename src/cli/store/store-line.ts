import { numberOf, textOf, valueOf } from '../../client/fields.js';

/** A version of a key, `Linha` of `frota.v1.Loja`, in the words of its JSON. */
export interface StoreLine {
  readonly chave: string;
  readonly valor: string;
  readonly versao: number;
  /** ms since 1970. */
  readonly ts: number;
  readonly origem: string;
  /** The readable name of the server that wrote it; empty if it is not known. */
  readonly servidor: string;
  /** When it expires, ms since 1970; 0: never. */
  readonly expira: number;
  /** No other version supersedes it. */
  readonly atual: boolean;
  /** Another version has this number. */
  readonly irma: boolean;
  /** Every known server holds it. */
  readonly estavel: boolean;
}

export function storeLineOf(message: object): StoreLine {
  return {
    chave: textOf(message, 'chave'),
    valor: textOf(message, 'valor'),
    versao: numberOf(message, 'versao'),
    ts: Number(textOf(message, 'ts_ms')),
    origem: textOf(message, 'origem'),
    servidor: textOf(message, 'servidor'),
    expira: Number(textOf(message, 'expira_ms')),
    atual: valueOf(message, 'atual') === true,
    irma: valueOf(message, 'irma') === true,
    estavel: valueOf(message, 'estavel') === true,
  };
}

/** A repeated field. */
export function itemsOf(message: object, field: string): readonly unknown[] {
  const value = valueOf(message, field);
  return Array.isArray(value) ? value : [];
}
