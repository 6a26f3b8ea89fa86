import { useMemo } from 'preact/hooks';
import { plural, say } from '../text.js';
import type { LabModel } from './lab-model.js';
import { labPageLimits } from './limits.js';
import { repairContent, repairTalks } from './repairs.js';
import type { RepairStep, RepairTalk } from './repairs.js';
import { sentence } from './sentence.js';
import type { Run } from './run.js';
import { shortText, visibleText } from './visible-text.js';
import { timeSpan, runTime } from './words.js';

/** Anti-entropy step by step: each talk of two servers as numbered steps, with the vectors and pages that they exchange. */
export function RepairView({ lab }: { lab: LabModel }) {
  const run = lab.run.value;
  const grown = lab.grown.value;
  const talks = useMemo(() => (run === undefined ? [] : repairTalks(run)), [run, grown]);
  if (run === undefined) return null;
  const shown = talks.slice(-labPageLimits.conversations).reverse();
  return (
    <div class="repairs">
      {run.header.engine === 'consenso' ? (
        <p>
          {say(
            'No consenso não há reparo entre servidores: eles não guardam nada. As réplicas concordam entre si antes de cada resposta (Raft), e quem volta lê delas.',
            'With consensus there is no repair between servers: they hold nothing. The replicas agree before each answer (Raft), and who comes back reads from them.',
          )}
        </p>
      ) : (
        shown.length === 0 && (
          <p class="quiet">
            {say(
              'Ainda não houve reparo. Isole um servidor, escreva dos dois lados e ligue-o de volta.',
              'There was no repair yet. Isolate a server, write on both sides and connect it again.',
            )}
          </p>
        )
      )}
      {shown.map((talk) => (
        <Talk key={talk.id} lab={lab} run={run} talk={talk} />
      ))}
    </div>
  );
}

function Talk({ lab, run, talk }: { lab: LabModel; run: Run; talk: RepairTalk }) {
  const first = talk.steps[0]?.sent.t ?? 0;
  const last = talk.steps.at(-1);
  const end = last === undefined ? first : (last.received ?? last.sent).t;
  const all = [...(talk.cause === undefined ? [] : [talk.cause]), ...talk.steps];
  const heading = `talk-${talk.id}`;
  return (
    <article class="talk" aria-labelledby={heading}>
      <h3 id={heading}>
        {say(`${talk.asker} pergunta a ${talk.giver}`, `${talk.asker} asks ${talk.giver}`)}{' '}
        <span class="quiet">
          {runTime(first)} · {timeSpan(end - first)}
        </span>
      </h3>
      <ol>
        {all.map((step) => (
          <Step key={step.sent.n} lab={lab} run={run} step={step} />
        ))}
      </ol>
      <p class={talk.endsEqual ? 'talk-end is-equal' : 'talk-end'}>
        {talk.applied === 0
          ? say('Nada mudou em quem perguntou.', 'Nothing changed at the one who asked.')
          : plural(
              talk.applied,
              ['mudança aplicada em quem perguntou.', 'mudanças aplicadas em quem perguntou.'],
              ['change applied at the one who asked.', 'changes applied at the one who asked.'],
            )}{' '}
        {talk.endsEqual && say('Os dois têm o mesmo.', 'Both hold the same.')}
      </p>
    </article>
  );
}

function Step({ lab, run, step }: { lab: LabModel; run: Run; step: RepairStep }) {
  const { sent, received } = step;
  const chosen = received ?? sent;
  const isChosen = [sent.n, received?.n].includes(lab.selected.value);
  return (
    <li class={isChosen ? 'is-chosen' : undefined}>
      <button type="button" class="link" aria-pressed={isChosen} onClick={() => lab.select(chosen.n)}>
        <code>{visibleText(sent.type)}</code> {sent.host} → {step.to}
      </button>{' '}
      <span class="quiet">{runTime(sent.t)}</span>
      <div>
        <bdi>{visibleText(sentence(run, sent))}</bdi>
      </div>
      <Content run={run} body={sent.body} />
      {received === undefined ? (
        <div class="lost">{say('não chegou', 'did not come')}</div>
      ) : (
        <div class="quiet">
          <bdi>{visibleText(sentence(run, received))}</bdi>
        </div>
      )}
    </li>
  );
}

function Content({ run, body }: { run: Run; body: string }) {
  const { vector, batches, mutations, keys, more, parts } = useMemo(() => repairContent(body), [body]);
  const facts = [
    ...(batches === undefined || mutations === undefined
      ? []
      : [
          `${plural(batches, ['lote', 'lotes'], ['batch', 'batches'])}, ${plural(mutations, ['mutação', 'mutações'], ['mutation', 'mutations'])}`,
        ]),
    ...(parts === undefined
      ? []
      : [plural(parts, ['hash de parte', 'hashes de partes'], ['hash of a part', 'hashes of parts'])]),
    ...(keys === undefined
      ? []
      : [`${say('chaves', 'keys')}: ${keys.map((key) => shortText(key, 40)).join(', ')}`]),
    ...(more ? [say('há mais', 'there is more')] : []),
  ];
  return (
    <>
      {vector !== undefined && (
        <div class="vector">
          <span class="quiet">{say('vetor', 'vector')}</span> {vector.length === 0 && say('vazio', 'empty')}
          {vector.map(([origin, seq]) => (
            <code key={origin} title={visibleText(origin)}>
              {shortText(run.nameOf(origin), 16)}:{seq}
            </code>
          ))}
        </div>
      )}
      {facts.length > 0 && (
        <div>
          <bdi>{facts.join(' · ')}</bdi>
        </div>
      )}
    </>
  );
}
