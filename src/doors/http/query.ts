/** The query of a request, checked by the schema that also describes it. Pure. */
import type { z } from 'zod';
import { KvsError } from '../../core/errors.js';
import { repeated } from './repeated.js';
import { decodedText } from './text.js';

/** A schema of all parameters of a query, by name. */
export type QuerySchema = z.ZodObject;

/**
 * Reads a query strictly: a parameter that is not known, that comes twice, that is malformed or out of its bounds is
 * named in the refusal.
 * @param text what follows the question mark; `undefined` without one
 * @throws KvsError PEDIDO_INVALIDO
 */
export function parsedQuery<S extends QuerySchema>(text: string | undefined, schema: S): z.output<S> {
  const given = text === undefined ? {} : parameters(text);
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new KvsError('PEDIDO_INVALIDO', parsed.error.issues.map((issue) => told(issue, schema)).join('; '));
}

function parameters(text: string): Record<string, string> {
  const given: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const piece of text.split('&')) {
    if (piece === '') continue;
    const at = piece.indexOf('=');
    const name = decodedParameter(at < 0 ? piece : piece.slice(0, at));
    const value = at < 0 ? '' : decodedParameter(piece.slice(at + 1));
    if (name === undefined || value === undefined) {
      throw new KvsError('PEDIDO_INVALIDO', `${repeated(piece)}: não é UTF-8 codificado com %`);
    }
    if (name in given) throw new KvsError('PEDIDO_INVALIDO', `${repeated(name)}: veio mais de uma vez`);
    given[name] = value;
  }
  return given;
}

/** A plus sign is a blank, as forms and the usual libraries write it. */
function decodedParameter(text: string): string | undefined {
  return decodedText(text.replaceAll('+', '%20'));
}

function told(issue: z.core.$ZodIssue, { shape }: QuerySchema): string {
  if (issue.code !== 'unrecognized_keys') return `${issue.path.join('.')}: ${issue.message}`;
  const known = Object.keys(shape);
  const instead = known.length === 0 ? 'nenhum' : known.join(', ');
  return `${issue.keys.map(repeated).join(', ')}: parâmetro desconhecido; há ${instead}`;
}
