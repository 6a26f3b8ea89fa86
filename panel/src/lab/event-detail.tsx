import { useState } from 'preact/hooks';
import type { MessageMissed, MessageReceived } from '../../../src/laboratory/recording.js';
import { number, plural, say } from '../text.js';
import type { CausalCone } from './causality.js';
import { prettyLines } from './json-lines.js';
import type { LabModel } from './lab-model.js';
import { labPageLimits } from './limits.js';
import type { MessageLife, Run } from './run.js';
import { sentence } from './sentence.js';
import { lostAt } from './strokes.js';
import { AnswerLines } from './answer-lines.js';
import { shortText, visibleText } from './visible-text.js';
import { timeSpan, runTime } from './words.js';

/** The event that is chosen: what happened in a sentence, what it came from and led to, and the message whole. */
export function EventDetail({ lab, cone }: { lab: LabModel; cone: CausalCone | undefined }) {
  lab.observeGrowth();
  const run = lab.run.value;
  const event = lab.selectedEvent();
  if (run === undefined) return null;
  const life =
    event !== undefined && 'message' in event && event.kind !== 'answer'
      ? run.messages.get(event.message)
      : undefined;
  const call = event?.kind === 'call' || event?.kind === 'answer' ? run.calls.get(event.call) : undefined;
  return (
    <section class="sheet event-detail" aria-labelledby="detail-title">
      <h2 id="detail-title">
        {say('Passo', 'Step')}
        {/* As the corrector names it, and as an answer to it does. */}
        {event !== undefined && (
          <span class="quiet">
            {' '}
            · {say('evento', 'event')} #{event.n}
          </span>
        )}
      </h2>
      <div aria-live="polite" aria-atomic="true">
        {event === undefined ? (
          <p class="quiet">
            {say(
              'Escolha um evento no diagrama ou na lista, ou dê um passo.',
              'Choose an event in the diagram or in the list, or take a step.',
            )}
          </p>
        ) : (
          <p class="step-sentence">
            <span class="step-time">{runTime(event.t)}</span> <bdi>{visibleText(sentence(run, event))}</bdi>
          </p>
        )}
      </div>
      {cone !== undefined && (
        <p class="quiet">
          {say('Passado', 'Past')}: {plural(cone.past, ['evento', 'eventos'], ['event', 'events'])} ·{' '}
          {say('futuro', 'future')}: {plural(cone.future, ['evento', 'eventos'], ['event', 'events'])} ·{' '}
          {say(
            'o resto aconteceu sem saber dele nem ele do resto',
            'the rest happened without knowing of it, nor it of them',
          )}
        </p>
      )}
      {event?.kind === 'state' && (
        <dl class="facts">
          <dt>hash</dt>
          <dd class="mono">{visibleText(event.storeHash)}</dd>
          <dt>{say('chaves', 'keys')}</dt>
          <dd>{number(event.keys)}</dd>
          <dt>{say('versões', 'versions')}</dt>
          <dd>{number(event.versions)}</dd>
          <dt>{say('vetor', 'vector')}</dt>
          <dd class="mono">
            {Object.entries(event.vector)
              .slice(0, 24)
              .map(([origin, seq]) => `${shortText(run.nameOf(origin), 16)}:${seq}`)
              .join(' ')}
          </dd>
        </dl>
      )}
      {call?.answer !== undefined && <AnswerLines run={run} answer={call.answer} />}
      {life !== undefined && <MessageFacts key={life.id} lab={lab} run={run} life={life} />}
    </section>
  );
}

function MessageFacts({ lab, run, life }: { lab: LabModel; run: Run; life: MessageLife }) {
  const { sent, relayed } = life;
  const at = lostAt(life, run);
  if (sent === undefined) return null;
  const rows = [
    { n: sent.n, host: sent.host, what: say('saiu', 'left'), late: 0 },
    ...(relayed === undefined
      ? []
      : [{ n: relayed.n, host: relayed.host, what: say('passou', 'passed'), late: relayed.t - sent.t }]),
    ...life.received.map((one) => ({
      n: one.n,
      host: one.host,
      what: effectWords(one),
      late: one.t - sent.t,
    })),
    ...life.dropped.map((one) => ({
      ...{ n: one.n, host: one.host, late: one.t - sent.t },
      what: say('descartada pelo laboratório', 'dropped by the laboratory'),
    })),
    ...life.missed.map((one) => ({ n: one.n, host: one.host, what: missedWords(one), late: 0 })),
  ];
  return (
    <>
      <h3>
        <code>{visibleText(sent.type)}</code>{' '}
        <span class="quiet">
          {plural(sent.bytes, ['byte', 'bytes'], ['byte', 'bytes'])}
          {sent.topic === '' ? '' : ` · ${visibleText(sent.topic)}`}
        </span>
      </h3>
      {sent.isInferred === true && (
        <p class="quiet">
          {say(
            'Quem a enviou não contou que o fez; foi vista onde chegou.',
            'Its sender did not tell; it was seen where it came.',
          )}
        </p>
      )}
      <table class="journey">
        <thead>
          <tr>
            <th scope="col">{say('onde', 'where')}</th>
            <th scope="col">{say('o que fez', 'what it did')}</th>
            <th scope="col" class="num">
              {say('depois de', 'after')}
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, labPageLimits.journeyRows).map(({ n, host, what, late }) => (
            <tr key={n} aria-current={n === lab.selected.value ? 'true' : undefined}>
              <td>
                <button type="button" class="link" onClick={() => lab.select(n)}>
                  {host}
                </button>
              </td>
              <td>{what}</td>
              <td class="num">{late === 0 ? '' : timeSpan(late)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > labPageLimits.journeyRows && (
        <p class="quiet">
          {say(
            `e mais ${number(rows.length - labPageLimits.journeyRows)} linhas`,
            `and ${number(rows.length - labPageLimits.journeyRows)} more lines`,
          )}
        </p>
      )}
      {at !== undefined && (
        <p class="lost">
          {say(`Perdida depois de ${at}: ninguém a recebeu.`, `Lost after ${at}: nobody got it.`)}
        </p>
      )}
      <MessageBody body={sent.body} isCut={sent.isCut === true} />
    </>
  );
}

function MessageBody({ body, isCut }: { body: string; isCut: boolean }) {
  const [lines, setLines] = useState<number>(labPageLimits.jsonLines);
  const all = prettyLines(body);
  const shown = all.slice(0, lines);
  return (
    <>
      {isCut && (
        <p class="quiet">
          {body === ''
            ? say(
                'O texto está na gravação; esta página já guarda o que pode.',
                'The text is in the recording; this page keeps what it can already.',
              )
            : say('Cortada: só o começo foi gravado.', 'Cut: only its beginning was recorded.')}
        </p>
      )}
      {body !== '' && (
        <pre class="body" tabIndex={0} dir="ltr" aria-label={say('Texto da mensagem', 'Text of the message')}>
          {shown.join('\n')}
        </pre>
      )}
      {all.length > lines && (
        <button type="button" onClick={() => setLines(lines + labPageLimits.jsonLines)}>
          {say(`mais (faltam ${all.length - lines} linhas)`, `more (${all.length - lines} lines left)`)}
        </button>
      )}
    </>
  );
}

function missedWords({ why }: MessageMissed): string {
  return why === 'isolated'
    ? say('não chegou: estava isolado', 'did not come: it was isolated')
    : say('não chegou: foi descartada ao sair', 'did not come: it was dropped as it left');
}

function effectWords({ effect, applied }: MessageReceived): string {
  switch (effect) {
    case 'applied':
      return applied === undefined
        ? say('mudou o que há ali', 'changed what is there')
        : plural(applied, ['mudança aplicada', 'mudanças aplicadas'], ['change applied', 'changes applied']);
    case 'known':
      return say('nada de novo', 'nothing new');
    case 'held':
      return say('espera as suas causas', 'waits for its causes');
    case 'noted':
      return say('anotada', 'noted');
    case 'answered':
      return say('respondida', 'answered');
    case 'ignored':
      return say('sem efeito', 'without effect');
  }
}
