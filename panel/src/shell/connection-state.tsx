import { useEffect, useState } from 'preact/hooks';
import { connection, picture, tryNow } from '../feed/feed.js';
import { number, say } from '../text.js';
import { refusalWord } from '../words.js';

/** How page and server stand, in a word; where it matters, in a sentence below the bar. */
export function ConnectionPill() {
  const { kind } = connection.value;
  const words = {
    connecting: say('conectando…', 'connecting…'),
    live: say('ao vivo', 'live'),
    waiting: say('sem contato', 'no contact'),
    resting: say('em pausa', 'paused'),
    locked: say('fechado', 'locked'),
  };
  return (
    <span class={`pill ${kind}`} role="status">
      <span class="dot" aria-hidden="true" />
      {words[kind]}
    </span>
  );
}

/** What the reader should know while the server cannot be reached. */
export function ConnectionNote() {
  const now = connection.value;
  return now.kind === 'waiting' ? <Waiting {...now} /> : null;
}

function Waiting({ untilMs, refusal }: Extract<typeof connection.value, { kind: 'waiting' }>) {
  const [leftMs, setLeftMs] = useState(untilMs - performance.now());
  useEffect(() => {
    const update = (): void => setLeftMs(untilMs - performance.now());
    update();
    const timer = setInterval(update, 500);
    return () => clearInterval(timer);
  }, [untilMs]);
  const seconds = number(Math.max(1, Math.ceil(leftMs / 1000)));
  return (
    <div class="note warn wide">
      <p role="status">
        {refusal === undefined
          ? say('O servidor não responde.', 'The server does not answer.')
          : refusalWord(refusal.code, refusal.detail)}{' '}
        {picture.value !== undefined &&
          say('O que se vê é o que se sabia antes. ', 'What you see is what was known before. ')}
        {say('A página volta sozinha.', 'The page comes back by itself.')}
      </p>
      <p>
        <span class="steady">{say(`Nova tentativa em ${seconds} s`, `Next attempt in ${seconds} s`)}</span>{' '}
        <button type="button" onClick={tryNow}>
          {say('Tentar agora', 'Try now')}
        </button>
      </p>
    </div>
  );
}
