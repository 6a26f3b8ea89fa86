import { Refusal } from '../api/request.js';
import { say } from '../text.js';
import { refusalWord } from '../words.js';

/** What went wrong, in words. Read out when it appears. */
export function ErrorNote({ error }: { readonly error: unknown }) {
  if (!(error instanceof Refusal)) {
    return (
      <p class="note bad" role="alert">
        {say(
          'O servidor não respondeu. Se era uma gravação, não se sabe se foi feita: veja a chave antes de repetir.',
          'The server did not answer. If this was a write, nobody knows whether it was done: look before you repeat.',
        )}
      </p>
    );
  }
  return (
    <p class="note bad" role="alert">
      <strong>{say('Recusado', 'Refused')}</strong>: {refusalWord(error.code, error.detail)}{' '}
      <span class="quiet">({error.code === '' ? `HTTP ${error.status}` : error.code})</span>
    </p>
  );
}
