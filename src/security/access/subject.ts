import { accessLimits } from './limits.js';
import { certificateSubject } from '../../ports/access.js';

/**
 * Converts a subject as people write it (`O=UFU, CN=maria`; backslash before `,`, `+`, `=` and `\` of a value) to the
 * form of `certificateSubject`.
 * @returns `undefined` if it is invalid
 */
export function parseSubject(text: string): string | undefined {
  if (text.length > accessLimits.subjectChars) return undefined;
  const attributes = new Map<string, string[]>();
  // A trailing backslash escapes nothing.
  if (/\\$/.test(text.replace(/\\./gsu, ''))) return undefined;
  for (const part of text.match(/(?:\\.|[^,+\\])+/gsu) ?? []) {
    const [, name, value] = /^\s*([A-Za-z][A-Za-z0-9.-]*)\s*=\s*((?:\\.|[^=\\])*?)\s*$/su.exec(part) ?? [];
    if (name === undefined || value === undefined || value === '') return undefined;
    const values = attributes.get(name.toUpperCase()) ?? [];
    attributes.set(name.toUpperCase(), [...values, value.replace(/\\(.)/gsu, '$1')]);
  }
  const subject = certificateSubject(Object.fromEntries(attributes));
  return subject === '' ? undefined : subject;
}
