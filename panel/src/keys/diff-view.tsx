import { useMemo } from 'preact/hooks';
import type { LineJson } from '../../../src/doors/http/schemas.js';
import { pageLimits } from '../limits.js';
import { shortened } from '../parts/invisible.js';
import { TextPieces } from '../parts/shown.js';
import { say } from '../text.js';
import { valueDiff } from './compare.js';

/** Two versions of a value in one text: what went is struck out, what came is underlined. */
export function DiffView({ before, after }: { readonly before: LineJson; readonly after: LineJson }) {
  const parts = useMemo(() => valueDiff(before.valor, after.valor), [before.valor, after.valor]);
  if (parts === undefined) {
    return (
      <p class="quiet">
        {say(
          'Os dois valores são diferentes demais para comparar.',
          'The two values are too different to compare.',
        )}
      </p>
    );
  }
  if (parts.every(({ kind }) => kind === 'same')) {
    return <p class="quiet">{say('Os dois valores são iguais.', 'The two values are the same.')}</p>;
  }
  return (
    <pre
      class="value diff"
      tabIndex={0}
      aria-label={say(
        `Da versão ${before.versao} para a ${after.versao}`,
        `From version ${before.versao} to ${after.versao}`,
      )}
    >
      <bdi>
        {parts.map(({ kind, text }, at) => {
          const shown = kind === 'same' ? middleCut(text) : shortened(text, pageLimits.shownChars);
          const content = <TextPieces text={shown} keepsLines />;
          if (kind === 'added') return <ins key={at}>{content}</ins>;
          return kind === 'removed' ? <del key={at}>{content}</del> : <span key={at}>{content}</span>;
        })}
      </bdi>
    </pre>
  );
}

const CONTEXT_CHARS = 400;

/** A long stretch that is the same shows its ends. */
function middleCut(text: string): string {
  return text.length <= 2 * CONTEXT_CHARS
    ? text
    : `${shortened(text, CONTEXT_CHARS)} […] ${text.slice(-CONTEXT_CHARS).replace(/^\p{Cs}/u, '')}`;
}
