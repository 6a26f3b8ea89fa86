import { useState } from 'preact/hooks';
import { pageLimits } from '../limits.js';
import { number, say } from '../text.js';
import { shortened, named, pieces } from './invisible.js';

/** A foreign text on one line, such as a key: whatever is in it is seen and does nothing. */
export function ShownLine({ text, chars = 200 }: { readonly text: string; readonly chars?: number }) {
  const shown = shortened(text, chars);
  const isCut = shown.length < text.length;
  if (text === '') return <span class="quiet">{say('(vazia)', '(empty)')}</span>;
  return (
    <bdi class="foreign" title={isCut ? named(shortened(text, 1000)) : undefined}>
      <TextPieces text={shown} keepsLines={false} />
      {isCut && '…'}
    </bdi>
  );
}

/** A foreign text as it is laid out, such as a value. A long one is shown in part first. */
export function ShownValue({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(false);
  const shown = isWhole ? text : shortened(text, pageLimits.shownChars);
  if (text === '') return <p class="quiet">{say('(valor vazio)', '(empty value)')}</p>;
  return (
    <>
      <pre class="value" tabIndex={0} aria-label={say('Valor', 'Value')}>
        <bdi>
          <TextPieces text={shown} keepsLines />
        </bdi>
      </pre>
      {shown.length < text.length && (
        <p>
          <button type="button" onClick={() => setWhole(true)}>
            {say(
              `Mostrar tudo (${number(text.length)} caracteres)`,
              `Show all (${number(text.length)} characters)`,
            )}
          </button>
        </p>
      )}
    </>
  );
}

/** The pieces of a text, invisible characters named. */
export function TextPieces({ text, keepsLines }: { readonly text: string; readonly keepsLines: boolean }) {
  return (
    <>
      {pieces(text, keepsLines, pageLimits.marks).map((piece, at) =>
        'text' in piece ? (
          piece.text
        ) : (
          <span key={at} class="mark">
            {piece.mark}
          </span>
        ),
      )}
    </>
  );
}
