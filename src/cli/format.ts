import type { Colors } from 'picocolors/types.js';
import type { Answer } from './answers.js';
import type { Reply } from './call.js';
import type { CountedName } from './operations/names.js';

/** What acts on a terminal instead of being shown, or turns the text after it around. */
const ACTING = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Text of others as it can be shown: nothing in it acts on the terminal. Line breaks and tabs are kept if `lines`. */
export function visible(text: string, lines = false): string {
  return text.replace(ACTING, (char) => {
    if (lines && (char === '\n' || char === '\t')) return char;
    const code = char.charCodeAt(0).toString(16);
    return code.length > 2 ? `\\u${code}` : `\\x${code.padStart(2, '0')}`;
  });
}

/** A single answer for people: what was done or found. A refused one is not shown here but as an error. */
export function answerText(operation: CountedName, answer: Answer, colors: Colors): string {
  const key = visible(answer.key);
  switch (operation) {
    case 'consulta':
      return [
        `${colors.dim('chave: ')} ${colors.bold(key)}`,
        `${colors.dim('valor: ')} ${visible(answer.value ?? '', true)}`,
        `${colors.dim('versão:')} ${answer.version}`,
      ].join('\n');
    case 'remove':
      return answer.version === 0
        ? `removidas todas as versões de ${colors.bold(key)}`
        : `removida a versão ${answer.version} de ${colors.bold(key)}`;
    default:
      return `inserida a versão ${answer.version} de ${colors.bold(key)}`;
  }
}

/** An answer as JSON: exact, one line. */
export function answerJson(operation: CountedName, answer: Answer): string {
  const base = { operacao: operation, chave: answer.key };
  const { refusal, value, version } = answer;
  if (refusal !== undefined) {
    const asked = answer.asked === undefined ? {} : { versaoPedida: answer.asked };
    return JSON.stringify({ ...base, ...asked, erro: refusal.code ?? 'RECUSADO', mensagem: refusal.message });
  }
  return JSON.stringify(
    value === undefined ? { ...base, versao: version } : { ...base, valor: value, versao: version },
  );
}

/** A row of a snapshot as JSON. */
export function snapshotJson({ chave, valor, versao }: Reply): string {
  return JSON.stringify({ operacao: 'snapshot', chave, valor, versao });
}
