import { useState } from 'preact/hooks';
import type { PanelEventJson } from '../../../src/doors/http/panel-json.js';
import { events, lostEvents, start } from '../feed/feed.js';
import { ShownLine } from '../parts/shown.js';
import { clock, moment, number, plural, say } from '../text.js';

type Level = PanelEventJson['nivel'];

const RANKS: Readonly<Record<Level, number>> = { detalhe: 0, info: 1, aviso: 2, erro: 3 };

function levelWord(level: Level): string {
  const words = {
    detalhe: say('detalhe', 'detail'),
    info: say('info', 'info'),
    aviso: say('aviso', 'warning'),
    erro: say('erro', 'error'),
  };
  return words[level];
}

/** Rows that are drawn before somebody asks for more. */
const SHOWN = 200;

/** What happened, latest first. */
export function EventsView() {
  const [least, setLeast] = useState<Level>('info');
  const [text, setText] = useState('');
  const [most, setMost] = useState(SHOWN);
  const wanted = text.trim().toLowerCase();
  const found = events.value.filter(
    ({ nivel, mensagem, campos }) =>
      RANKS[nivel] >= RANKS[least] &&
      (wanted === '' || `${mensagem} ${campos}`.toLowerCase().includes(wanted)),
  );
  return (
    <section class="sheet" aria-labelledby="events-title">
      <h2 id="events-title">{say('Eventos', 'Events')}</h2>
      <div class="field-row">
        <label class="field">
          <span>{say('A partir de', 'From')}</span>
          <select value={least} onChange={({ currentTarget }) => setLeast(currentTarget.value as Level)}>
            {(Object.keys(RANKS) as Level[]).map((level) => (
              <option key={level} value={level}>
                {levelWord(level)}
              </option>
            ))}
          </select>
        </label>
        <label class="field">
          <span>{say('Que contêm', 'That contain')}</span>
          <input type="search" value={text} onInput={({ currentTarget }) => setText(currentTarget.value)} />
        </label>
      </div>
      {start.value?.quem.administra === false && (
        <p class="quiet">
          {say(
            'O log do servidor só é mostrado a quem administra; aqui está o que se viu mudar.',
            'The log of the server is shown to administrators only; here is what was seen to change.',
          )}
        </p>
      )}
      {found.length === 0 ? (
        <p class="empty">
          {events.value.length === 0
            ? say('Nada aconteceu ainda.', 'Nothing has happened yet.')
            : say(
                'Nenhum evento assim. Escolha outro nível ou apague o filtro.',
                'No such event. Choose another level or clear the filter.',
              )}
        </p>
      ) : (
        <ol class="events" reversed>
          {found.slice(0, most).map((event) => (
            <Event key={event.n} event={event} />
          ))}
        </ol>
      )}
      {found.length > most && (
        <p>
          <button type="button" onClick={() => setMost(most + SHOWN)}>
            {say(
              `Mostrar mais (${number(found.length - most)})`,
              `Show more (${number(found.length - most)})`,
            )}
          </button>
        </p>
      )}
      {lostEvents.value > 0 && (
        <p class="quiet">
          {say('Antes destes houve ', 'Before these there were ')}
          {plural(
            lostEvents.value,
            ['evento que o servidor já esqueceu', 'eventos que o servidor já esqueceu'],
            ['event that the server has forgotten', 'events that the server has forgotten'],
          )}
          .
        </p>
      )}
    </section>
  );
}

/** Fields as people write them: `name=value`. A text that was cut is no JSON any more. */
function fieldsText(json: string): string {
  try {
    return Object.entries(JSON.parse(json) as Record<string, unknown>)
      .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
      .join(' · ');
  } catch {
    return json;
  }
}

/** The time of day; with the day, once it may be another one. */
function whenText(ms: number): string {
  return Date.now() - ms < DAY_MS / 2 ? clock(ms) : moment(ms);
}

const DAY_MS = 86_400_000;

function Event({ event }: { readonly event: PanelEventJson }) {
  return (
    <li class={`event ${event.nivel}`}>
      <time class="mono quiet" dateTime={new Date(event.quando_ms).toISOString()}>
        {whenText(event.quando_ms)}
      </time>
      <span class={`badge level ${event.nivel}`}>{levelWord(event.nivel)}</span>
      <span class="event-text">
        <span lang="pt-BR">
          <ShownLine text={event.mensagem} chars={400} />
        </span>
        {event.campos !== '{}' && event.campos !== '' && (
          <code class="event-fields">
            <ShownLine text={fieldsText(event.campos)} chars={600} />
          </code>
        )}
      </span>
    </li>
  );
}
