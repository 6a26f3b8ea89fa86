import { useEffect, useMemo, useRef } from 'preact/hooks';
import { say } from '../text.js';
import { useActions } from './action-state.js';
import type { LabModel } from './lab-model.js';
import type { Run } from './run.js';
import { diedMeanwhile, storyProgress } from './story.js';
import { shortText } from './visible-text.js';
import { winnerOf } from './winner.js';

/** The guided story: what to do next, what each step showed, and where in the diagram. */
export function StoryView({ lab }: { lab: LabModel }) {
  const run = lab.run.value;
  const grown = lab.grown.value;
  const progress = useMemo(() => (run === undefined ? [] : storyProgress(run)), [run, grown]);
  const { isBusy, failure, once } = useActions(lab);
  const next = progress.findIndex(({ n }) => n === undefined);
  const story = useRef<HTMLDivElement>(null);
  const isLed = useRef(false);
  // Whoever does the steps here is led from one to the next: the button that was pressed is gone then, and the focus with it.
  useEffect(() => {
    const { activeElement } = document;
    isLed.current &&= activeElement === document.body || story.current?.contains(activeElement) === true;
    if (!isLed.current) return;
    const step = story.current?.querySelector<HTMLElement>('.is-next, .story-end');
    (step?.querySelector('button') ?? step)?.focus();
  }, [next]);
  if (run === undefined) return null;
  const died = diedMeanwhile(run, progress);
  return (
    <div class="story" ref={story}>
      <p>{about(run)}</p>
      {died !== undefined && lab.hasServers.value && (
        <p class="refused" role="status">
          {say(
            `${died} morreu no meio do roteiro: já não está como o roteiro conta, e pode ter perdido o que só ele guardava. “Recomeçar”, no alto, começa outro.`,
            `${died} died in the middle of the story: it is no longer as the story has it, and may have lost what it alone held. “Start over”, above, begins another.`,
          )}
        </p>
      )}
      <ol>
        {progress.map(({ step, n }, index) => (
          <li
            key={step.id}
            class={n !== undefined ? 'is-done' : index === next ? 'is-next' : ''}
            tabIndex={index === next ? -1 : undefined}
          >
            <div class="story-what">
              <span class="story-mark" aria-hidden="true">
                {n !== undefined ? '✓' : index === next ? '→' : '·'}
              </span>
              <span>
                {say(...step.what)}
                <span class="unseen">{n !== undefined ? say(' (feito)', ' (done)') : ''}</span>
              </span>
              {n !== undefined && (
                <button type="button" class="link" onClick={() => lab.select(n)}>
                  {say('ver', 'see')}
                  <span class="unseen"> {say(...step.what)}</span>
                </button>
              )}
              {index === next && step.actions !== undefined && lab.hasServers.value && (
                <button
                  type="button"
                  aria-disabled={isBusy}
                  onClick={() => {
                    isLed.current = true;
                    lab.follow();
                    void once(...(step.actions ?? []));
                  }}
                >
                  {say('Fazer', 'Do it')}
                  <span class="unseen">: {say(...step.what)}</span>
                </button>
              )}
            </div>
            {n !== undefined && <p class="story-shows">{say(...step.shows)}</p>}
          </li>
        ))}
      </ol>
      {failure !== '' && (
        <p class="refused" role="alert">
          {failure}
        </p>
      )}
      {next === -1 && <StoryEnd run={run} last={progress.at(-1)?.n} />}
    </div>
  );
}

function about(run: Run): string {
  switch (run.header.engine) {
    case 'frota':
      return say(
        'Frota: cada servidor atende sozinho, e todos acabam iguais.',
        'Fleet: each server serves by itself, and all end up equal.',
      );
    case 'consenso':
      return say(
        'Consenso: cada escrita espera por uma maioria das réplicas.',
        'Consensus: each write waits for a majority of the replicas.',
      );
    case 'lider':
      return say(
        'Líder: cada escrita passa pelo líder e espera por todos.',
        'Leader: each write goes through the leader and waits for all.',
      );
  }
}

/** Who won, and why. */
function StoryEnd({ run, last }: { run: Run; last: number | undefined }) {
  const event = last === undefined ? undefined : run.event(last);
  const winner = event?.kind === 'answer' ? winnerOf(event) : undefined;
  if (winner === undefined) {
    return (
      <p class="story-end" tabIndex={-1}>
        {say(
          'Fim. Troque de motor e faça a mesma história nele.',
          'The end. Switch the engine and do the same story there.',
        )}
      </p>
    );
  }
  const reasons = {
    version: say('tem a maior versão', 'it has the greatest version'),
    timestamp: say(
      'com a mesma versão, tem o instante mais novo',
      'of the same version, it has the latest instant',
    ),
    origin: say(
      'com a mesma versão e o mesmo instante, a sua origem é a última na ordem',
      'of the same version and instant, its origin is the last in order',
    ),
  };
  return (
    <p class="story-end" tabIndex={-1}>
      {say('Venceu ', 'The winner is ')}
      <bdi class="mono">{shortText(winner.value, 40)}</bdi> ({shortText(run.nameOf(winner.origin), 20)}):{' '}
      {reasons[winner.by]}.{' '}
      {say(
        'Todos os servidores usam a mesma ordem (versão, instante, origem), e por isso respondem o mesmo sem combinar.',
        'All servers use the same order (version, instant, origin), so they answer the same without arranging it.',
      )}
    </p>
  );
}
