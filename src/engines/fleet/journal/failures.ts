import { KvsError } from '../../../core/errors.js';

const FULL = /no space left|disk quota exceeded|file too large|ENOSPC|EDQUOT|EFBIG/i;

/** Why a write did not become durable. */
export function writeFailure(error: unknown): KvsError {
  if (error instanceof KvsError) return error;
  const text = wholeText(error);
  return FULL.test(text)
    ? new KvsError('DISCO_CHEIO', 'o disco dos dados está cheio; escritas recusadas até haver espaço', {
        cause: error,
      })
    : new KvsError('DISCO_FALHOU', 'o disco dos dados recusa escritas; a causa está no log do servidor', {
        cause: error,
      });
}

/** Why a folder cannot be used. */
export function openFailure(error: unknown, folder: string): KvsError {
  if (error instanceof KvsError) return error;
  const text = wholeText(error);
  if (/LEVEL_LOCKED|already held/.test(text)) {
    const message = `os dados em ${folder} já estão em uso por outro processo`;
    return new KvsError('DADOS_EM_USO', message, { cause: error });
  }
  if (FULL.test(text)) {
    return new KvsError('DISCO_CHEIO', `não há espaço para abrir os dados em ${folder}`, { cause: error });
  }
  const why = /ENAMETOOLONG/.test(text)
    ? 'o nome é longo demais'
    : /ERR_INVALID_ARG_VALUE/.test(text)
      ? 'o nome tem um caractere nulo'
      : /ENOENT/.test(text)
        ? 'ali não se pode criar uma pasta'
        : refusal(text);
  return new KvsError('DADOS_INVALIDOS', `não é possível abrir os dados em ${folder}: ${why}`, {
    cause: error,
  });
}

function refusal(text: string): string {
  return /EACCES|permission denied|EROFS|read-only/i.test(text)
    ? 'sem permissão'
    : /ENOTDIR|EEXIST|not a directory/i.test(text)
      ? 'não é uma pasta'
      : (text.split('\n')[0] ?? '');
}

/** The texts and codes of an error and of its causes, the innermost first. */
function wholeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : '';
  const own = `${error.message} ${code}`.trim();
  return error.cause === undefined ? own : `${wholeText(error.cause)}\n${own}`;
}
