import type { Colors } from 'picocolors/types.js';
import { visible } from '../rendering/visible.js';

const LEVELS: Readonly<Record<string, string>> = {
  debug: 'DETALHE',
  info: 'INFO',
  warn: 'AVISO',
  error: 'ERRO',
};

/** A line of a server's log, for people; one that is no JSON as it is. */
export function logText(line: string, colors: Colors): string {
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(line)) as Record<string, unknown>;
  } catch {
    return visible(line);
  }
  const { nivel, time, mensagem, ...rest } = fields;
  const level = LEVELS[textOf(nivel)] ?? textOf(nivel);
  const painted = nivel === 'warn' ? colors.yellow(level) : nivel === 'error' ? colors.red(level) : level;
  const clock = new Date(textOf(time)).toLocaleTimeString('pt-BR');
  const details = Object.entries(rest)
    .map(([name, value]) => `${name}=${textOf(value)}`)
    .join(' ');
  return [
    clock,
    painted,
    visible(textOf(mensagem)),
    ...(details === '' ? [] : [colors.dim(visible(details))]),
  ].join(' ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '');
}
