import { useEffect, useRef } from 'preact/hooks';
import { loginAsked, logOut, token } from '../api/credential.js';
import { EventsView } from '../events/events-view.js';
import { picture, start } from '../feed/feed.js';
import { NowView } from '../fleet/now-view.js';
import { KeysView } from '../keys/keys-view.js';
import { NumbersView } from '../numbers/numbers-view.js';
import { named } from '../parts/invisible.js';
import { ShownLine } from '../parts/shown.js';
import { hashOf, place, VIEWS } from '../route.js';
import type { View } from '../route.js';
import { Switches } from '../switches.js';
import { say } from '../text.js';
import { ConnectionNote, ConnectionPill } from './connection-state.js';
import { Foot } from './foot.js';
import { Login } from './login.js';
import { Warnings } from './warnings.js';

/** The whole page. */
export function App() {
  const isLocked = loginAsked.value !== 'no';
  useTitle();
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {say('Ir ao conteúdo', 'Skip to content')}
      </a>
      <Bar />
      {!isLocked && <Views />}
      <main id="main" tabIndex={-1}>
        {isLocked ? (
          <Login />
        ) : (
          <>
            <ConnectionNote />
            <Content />
          </>
        )}
      </main>
      <Foot />
    </>
  );
}

function Bar() {
  const server = start.value?.servidor;
  const who = start.value?.quem;
  return (
    <header class="bar">
      <h1>
        kvs-frota
        {server !== undefined && (
          <>
            {' '}
            <span class="server">
              <ShownLine text={server.nome} chars={64} />
            </span>
          </>
        )}
      </h1>
      {server !== undefined && (
        <p class="quiet">
          {engineWord(server.motor)}
          {server.motor === 'frota' && (
            <>
              {' '}
              <ShownLine text={server.frota} chars={40} />
            </>
          )}
          {server.nome !== server.endereco && ` · ${server.endereco}`}
        </p>
      )}
      <ConnectionPill />
      {who?.com_credenciais === true && token.value !== undefined && (
        <p class="who">
          <ShownLine text={who.nome} chars={40} /> <span class="quiet">({who.papel})</span>{' '}
          <button type="button" onClick={logOut}>
            {say('Sair', 'Log out')}
          </button>
        </p>
      )}
      <Switches />
    </header>
  );
}

function engineWord(engine: string): string {
  if (engine === 'consenso') return say('consenso', 'consensus');
  if (engine === 'particoes') return say('partições', 'partitions');
  return engine === 'lider' ? say('sistema com líder', 'leader system') : say('frota', 'fleet');
}

function viewWord(view: View): string {
  const words = {
    agora: say('Agora', 'Now'),
    chaves: say('Chaves', 'Keys'),
    numeros: say('Números', 'Numbers'),
    eventos: say('Eventos', 'Events'),
  };
  return words[view];
}

function Views() {
  const { view } = place.value;
  return (
    <nav class="views" aria-label={say('Partes do painel', 'Parts of the panel')}>
      {VIEWS.map((one) => (
        <a
          key={one}
          href={hashOf({ view: one, key: undefined })}
          aria-current={one === view ? 'page' : undefined}
        >
          {viewWord(one)}
        </a>
      ))}
    </nav>
  );
}

function Content() {
  const { view } = place.value;
  const begun = start.value;
  const now = picture.value;
  if (begun === undefined || now === undefined) {
    return <p class="empty">{say('Perguntando ao servidor…', 'Asking the server…')}</p>;
  }
  return (
    <>
      <Warnings now={now} />
      {view === 'agora' && <NowView {...{ now, begun }} />}
      {view === 'chaves' && <KeysView {...{ begun, keysInAll: now.dados.chaves }} />}
      {view === 'numeros' && <NumbersView {...{ now, begun }} />}
      {view === 'eventos' && <EventsView />}
    </>
  );
}

/** The title of the window, and where the focus goes when the view changes. */
function useTitle(): void {
  const { view, key } = place.value;
  const name = start.value?.servidor.nome;
  const title = [
    key === undefined ? viewWord(view) : named(key.slice(0, 60)),
    ...(name === undefined ? [] : [named(name)]),
    'kvs-frota',
  ].join(' · ');
  useEffect(() => {
    document.title = title;
  }, [title]);
  const before = useRef(view);
  useEffect(() => {
    if (before.current === view) return;
    before.current = view;
    // Readers of the screen hear where they are now.
    document.getElementById('main')?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [view]);
}
