import type { PanelPeerJson, PanelPictureJson } from '../../../src/doors/http/panel-json.js';
import { named } from '../parts/invisible.js';
import { hueOf } from '../parts/hues.js';
import { ShownLine } from '../parts/shown.js';
import { useWidth } from '../parts/use-width.js';
import { clockSeconds, number, say } from '../text.js';
import { stateWord } from '../words.js';
import type { Departed } from './departed.js';
import { compareContent, deafPairs, hears, peerName } from './hearing.js';
import { arcPath, pictureLayout } from './layout.js';
import type { CardPlace } from './layout.js';
import { stateKind } from './server-state.js';

/** Pairs that do not hear each other are drawn up to this; beyond, the table tells. */
const ARCS_MAX = 24;

interface PictureProps {
  readonly now: PanelPictureJson;
  readonly engine: 'frota' | 'consenso' | 'lider' | 'particoes';
  readonly departed: readonly Departed[];
  /** The name of the server whose ears are shown, as {@link peerName} has it. */
  readonly chosen: string | undefined;
  readonly onChoose: (chosen: string | undefined) => void;
}

/** The servers and what carries messages between them, as one server sees them now. */
export function FleetPicture({ now, engine, departed, chosen: chosenName, onChoose }: PictureProps) {
  const [box, width] = useWidth<HTMLDivElement>();
  const servers = engine === 'lider' ? leaderFirst(now) : now.servidores;
  const gone = departed.map(({ server }) => server);
  const all = [...servers, ...gone];
  const layout = pictureLayout(all.length, Math.max(width, 280), aboveOf(now, engine, all.length));
  // Servers come and go, and stand in another order then.
  const chosen = servers.findIndex((server) => peerName(server) === chosenName);
  const isHere = (place: number): boolean => place < servers.length;
  const deaf = deafPairs(servers);
  const pairs = chosen >= 0 ? deaf.filter(([from]) => from === chosen) : deaf.length <= ARCS_MAX ? deaf : [];
  const chosenServer = servers[chosen];
  return (
    <div class="picture" ref={box}>
      <div class="picture-all" style={{ height: `${layout.height}px` }}>
        <svg width={Math.max(width, 280)} height={layout.height} aria-hidden="true">
          {layout.trunk && <rect class="trunk" rx={5} {...layout.trunk} />}
          {layout.cards.map((card, place) => {
            const server = all[place];
            const cut = server === undefined || !isHere(place) || isCut(server, now);
            return <Wire key={place} card={card} isCut={cut} />;
          })}
          <rect class={`carrier${isCarrierGood(now) ? '' : ' bad'}`} rx={8} {...layout.bar} />
          {pairs.map(([from, to]) => (
            <Arc key={`${from}-${to}`} kind="deaf" from={layout.cards[from]} to={layout.cards[to]} />
          ))}
          {chosenServer !== undefined &&
            servers.map(
              (other, to) =>
                to !== chosen &&
                hears(chosenServer, other) === true && (
                  <Arc key={to} kind="heard" from={layout.cards[chosen]} to={layout.cards[to]} />
                ),
            )}
        </svg>
        <p
          class="carrier-name"
          style={{
            top: `${layout.bar.y}px`,
            height: `${layout.bar.height}px`,
            width: `${layout.bar.width}px`,
          }}
        >
          <span>
            <Carrier now={now} engine={engine} />
          </span>
        </p>
        <ul class="cards" aria-label={say('Servidores', 'Servers')}>
          {layout.cards.map((card, place) => {
            const server = all[place];
            if (server === undefined) return null;
            const left = isHere(place) ? undefined : departed[place - servers.length];
            return (
              <li
                key={peerName(server)}
                style={{
                  transform: `translate(${Math.round(card.x)}px, ${card.y}px)`,
                  ...{ width: `${Math.floor(card.width)}px`, height: `${card.height}px` },
                }}
              >
                <Card
                  {...{ server, now, left, isChosen: place === chosen }}
                  onClick={() => onChoose(place === chosen ? undefined : peerName(server))}
                />
              </li>
            );
          })}
        </ul>
      </div>
    </div>
  );
}

/** How many cards stand above what carries messages. */
function aboveOf(now: PanelPictureJson, engine: string, all: number): number | undefined {
  if (engine === 'consenso' || engine === 'particoes')
    return now.servidores.filter(({ replica }) => !replica).length;
  return engine === 'lider' && all > 1 ? 1 : undefined;
}

/** The servers of a leader's system, the leader first. */
function leaderFirst({ servidores, lider }: PanelPictureJson): readonly PanelPeerJson[] {
  return servidores.toSorted(
    (a, b) => Number(b.endereco === lider?.lider) - Number(a.endereco === lider?.lider),
  );
}

function isCarrierGood({ broker, consenso, lider }: PanelPictureJson): boolean {
  return broker?.conectado ?? consenso?.maioria ?? lider?.inteiro ?? true;
}

/** Nothing comes from it, or from here to it. */
function isCut(server: PanelPeerJson, { broker, laboratorio }: PanelPictureJson): boolean {
  if (server.eu) return broker?.conectado === false || laboratorio?.isolado === true;
  return stateKind(server.estado) === 'off' || broker?.conectado === false;
}

function Wire({ card, isCut: cut }: { readonly card: CardPlace; readonly isCut: boolean }) {
  const { wireFrom: a, wireTo: b } = card;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  return (
    <>
      <line class={`wire${cut ? ' cut' : ''}`} x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
      {cut && <path class="cross" d={`M${middle.x - 5} ${middle.y - 5}l10 10m0 -10l-10 10`} fill="none" />}
    </>
  );
}

function Arc(props: {
  readonly kind: 'deaf' | 'heard';
  readonly from: CardPlace | undefined;
  readonly to: CardPlace | undefined;
}) {
  const { kind, from, to } = props;
  return from === undefined || to === undefined ? null : <path class={`arc ${kind}`} d={arcPath(from, to)} />;
}

/** What carries messages, by name. */
function Carrier({ now, engine }: Pick<PictureProps, 'now' | 'engine'>) {
  if (engine === 'consenso') {
    const { maioria = false, lider = '', termo = 0 } = now.consenso ?? {};
    if (!maioria)
      return <strong>{say('réplicas (Raft): sem maioria', 'replicas (Raft): no majority')}</strong>;
    return (
      <>
        <strong>{say('réplicas (Raft)', 'replicas (Raft)')}</strong>
        {lider !== '' && ` · ${say('lidera', 'leader')} ${lider}`}
        {termo > 0 && ` · ${say('termo', 'term')} ${number(termo)}`}
      </>
    );
  }
  if (engine === 'lider') {
    return (
      <>
        <strong>{say('o líder ordena e replica', 'the leader orders and replicates')}</strong> · TCP
      </>
    );
  }
  if (engine === 'particoes') {
    const masters = now.servidores.filter(({ estado }) => estado === 'mestre').length;
    return (
      <>
        <strong>{say('nós do Redis Cluster', 'nodes of the Redis Cluster')}</strong> ·{' '}
        {say(`mestres: ${number(masters)}`, `masters: ${number(masters)}`)}
      </>
    );
  }
  const { broker } = now;
  if (broker === null || !broker.conectado) {
    return <strong>{say('sem broker: este servidor está só', 'no broker: this server is alone')}</strong>;
  }
  return (
    <>
      <strong>broker</strong> <ShownLine text={broker.endereco} chars={48} />
      {broker.aqui && ` · ${say('dentro deste servidor', 'within this server')}`}
    </>
  );
}

interface CardProps {
  readonly server: PanelPeerJson;
  readonly now: PanelPictureJson;
  readonly left: Departed | undefined;
  readonly isChosen: boolean;
  readonly onClick: () => void;
}

function Card({ server, now, left, isChosen, onClick }: CardProps) {
  const self = now.servidores.find(({ eu }) => eu);
  const content = self && left === undefined ? compareContent(self, server) : 'unknown';
  const isolated = server.eu && now.laboratorio?.isolado === true;
  const leads = now.lider?.lider === server.endereco || now.consenso?.lider === server.endereco;
  const alone = server.eu && now.broker?.conectado === false;
  const kind = left ? 'gone' : alone || isolated ? 'off' : stateKind(server.estado);
  return (
    <button
      type="button"
      class={`card ${kind} hue-${hueOf(server.origem || server.endereco)}${isChosen ? ' chosen' : ''}`}
      aria-pressed={isChosen}
      disabled={left !== undefined}
      title={named(`${server.nome} · ${server.endereco}`)}
      onClick={onClick}
    >
      <span class="card-name">
        <ShownLine text={server.nome} chars={40} />
        {server.eu && <span class="badge">{say('este', 'this')}</span>}
        {leads && <span class="badge">{say('lidera', 'leads')}</span>}
      </span>
      <span class="card-state">
        <span class="dot" aria-hidden="true" />
        {left
          ? departedText(left.atMs)
          : isolated
            ? say('isolado', 'isolated')
            : alone
              ? say('sem broker', 'no broker')
              : stateWord(server.estado)}
      </span>
      <span class="card-facts">
        {left === undefined && !server.replica && <LagText server={server} />}
        {content !== 'unknown' && server.resumo !== '' && (
          <code class={`hash ${content}`}>
            {content === 'same' ? '=' : '≠'} {server.resumo.slice(0, 6)}
          </code>
        )}
      </span>
    </button>
  );
}

/** Since when a server is no more. */
export function departedText(atMs: number): string {
  return say(`fora desde ${clockSeconds(atMs)}`, `gone since ${clockSeconds(atMs)}`);
}

/** How many mutations a server lacks. */
export function LagText({ server }: { readonly server: PanelPeerJson }) {
  if (server.atraso === 0) {
    // What was last heard of a server that is away is no news of it.
    const isAway = stateKind(server.estado) === 'off';
    return <span>{isAway ? '—' : say('em dia', 'up to date')}</span>;
  }
  const lacks = number(server.atraso);
  return <span class="warn-text">{say(`faltam ${lacks}`, `lacks ${lacks}`)}</span>;
}
