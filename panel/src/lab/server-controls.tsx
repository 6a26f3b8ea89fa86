import { say } from '../text.js';
import { useActions } from './action-state.js';
import type { LabServer } from './client.js';
import type { LabModel } from './lab-model.js';
import { timeSpan } from './words.js';

const CLOCKS_MS: readonly number[] = [0, 5_000, 30_000, 90_000, 600_000, -30_000];
const LOSSES: readonly number[] = [0, 50, 100, 200, 300, 500, 1000];

/** What can be done to each server of the laboratory. */
export function ServerControls({ lab }: { lab: LabModel }) {
  const servers = lab.situation.value?.servidores ?? [];
  if (servers.length === 0) return null;
  return (
    <section aria-labelledby="servers-title">
      <h2 id="servers-title" class="unseen">
        {say('Servidores', 'Servers')}
      </h2>
      <div class="servers">
        {servers.map((server) => (
          <ServerCard key={server.id} lab={lab} server={server} />
        ))}
      </div>
    </section>
  );
}

function ServerCard({ lab, server }: { lab: LabModel; server: LabServer }) {
  const { id } = server;
  const { isBusy, failure, run, once } = useActions(lab);
  const isRunning = server.estado !== 'parado';
  const hasMore = (values: readonly number[], value: number): readonly number[] =>
    values.includes(value) ? values : [...values, value];
  return (
    <article class={`sheet server is-${server.estado}`} aria-labelledby={`server-${id}`} aria-busy={isBusy}>
      <header>
        <h3 id={`server-${id}`}>{id}</h3>
        <span class={`status status-${server.estado}`}>{stateWord(server.estado)}</span>
        {server.isolado && <span class="status status-isolado">{say('isolado', 'isolated')}</span>}
        {isRunning && (
          <a href={localAddress(server.painel)} target="_blank" rel="noopener noreferrer">
            {say('Painel', 'Panel')}
            <span class="unseen"> {say(`de ${id}, em outra aba`, `of ${id}, in another tab`)}</span>
            <span class="quiet"> :{server.porta}</span>
          </a>
        )}
      </header>
      <div class="buttons">
        <button
          type="button"
          disabled={!isRunning}
          aria-disabled={isBusy}
          onClick={() => void once({ acao: server.isolado ? 'liga' : 'isola', servidor: id })}
        >
          {server.isolado ? say('Ligar de volta', 'Connect') : say('Isolar', 'Isolate')}
          <span class="unseen"> {id}</span>
        </button>
        <button
          type="button"
          class={isRunning ? 'danger' : ''}
          aria-disabled={isBusy}
          onClick={() => void once({ acao: isRunning ? 'mata' : 'inicia', servidor: id })}
        >
          {isRunning ? say('Matar', 'Kill') : say('Iniciar', 'Start')}
          <span class="unseen"> {id}</span>
        </button>
      </div>
      <div class="dials">
        <label>
          {say('Relógio', 'Clock')}
          <select
            value={String(server.relogio_ms)}
            disabled={!isRunning}
            onChange={({ currentTarget }) =>
              void run({ acao: 'relogio', servidor: id, ms: Number(currentTarget.value) })
            }
          >
            {hasMore(CLOCKS_MS, server.relogio_ms).map((ms) => (
              <option key={ms} value={String(ms)}>
                {ms === 0 ? say('certo', 'right') : `${ms > 0 ? '+' : '−'}${timeSpan(Math.abs(ms))}`}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say('Perde', 'Loses')}
          <select
            value={String(server.perda_por_mil)}
            disabled={!isRunning}
            onChange={({ currentTarget }) =>
              void run({ acao: 'perde', servidor: id, por_mil: Number(currentTarget.value) })
            }
          >
            {hasMore(LOSSES, server.perda_por_mil).map((share) => (
              <option key={share} value={String(share)}>
                {share === 0 ? say('nada', 'nothing') : `${share / 10} %`}
              </option>
            ))}
          </select>
        </label>
      </div>
      {failure !== '' && (
        <p class="refused" role="alert">
          {failure}
        </p>
      )}
    </article>
  );
}

function stateWord(state: LabServer['estado']): string {
  switch (state) {
    case 'parado':
      return say('parado', 'down');
    case 'entrando':
      return say('entrando', 'joining');
    case 'atendendo':
      return say('atendendo', 'serving');
  }
}

/** A link of the laboratory goes to a page, never to code. */
function localAddress(address: string): string {
  return /^https?:\/\//.test(address) ? address : 'about:blank';
}
