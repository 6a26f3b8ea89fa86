import { textOf, valueOf } from '../../client/fields.js';
import { itemsOf } from './store-line.js';

/** `Servidor` of `frota.v1.Loja`, in the words of its JSON. */
export interface ReportedServer {
  readonly nome: string;
  readonly endereco: string;
  readonly origem: string;
  readonly estado: string;
  readonly versao_programa: string;
  readonly eu: boolean;
  /** Mutations that it lacks of those that the asked server holds. */
  readonly atraso: number;
  /** When it was last heard, ms since 1970; 0: never. */
  readonly visto: number;
}

/** `Frota`, in the words of its JSON. */
export interface SystemReport {
  readonly frota: string;
  readonly motor: string;
  readonly servidores: readonly ReportedServer[];
  readonly broker: string;
  readonly de_acordo: boolean;
  readonly chaves: number;
  readonly versoes: number;
  readonly bytes: number;
  readonly avisos: readonly string[];
}

export function systemReportOf(message: object): SystemReport {
  return {
    frota: textOf(message, 'frota'),
    motor: textOf(message, 'motor'),
    servidores: itemsOf(message, 'servidores').map((one) => serverOf(Object(one) as object)),
    broker: textOf(message, 'broker'),
    de_acordo: valueOf(message, 'de_acordo') === true,
    chaves: Number(textOf(message, 'chaves')),
    versoes: Number(textOf(message, 'versoes')),
    bytes: Number(textOf(message, 'bytes')),
    avisos: itemsOf(message, 'avisos').map(String),
  };
}

function serverOf(message: object): ReportedServer {
  return {
    nome: textOf(message, 'nome'),
    endereco: textOf(message, 'endereco'),
    origem: textOf(message, 'origem'),
    estado: textOf(message, 'estado'),
    versao_programa: textOf(message, 'versao_programa'),
    eu: valueOf(message, 'eu') === true,
    atraso: Number(textOf(message, 'atraso')),
    visto: Number(textOf(message, 'visto_ms')),
  };
}
