import { useEffect, useMemo, useState } from 'preact/hooks';
import { Switches } from '../switches.js';
import { say } from '../text.js';
import { CallAnswers, CallControls } from './call-controls.js';
import { causalCone } from './causality.js';
import { laboratoryCommand } from './client.js';
import { Diagram } from './diagram.js';
import { EventDetail } from './event-detail.js';
import { EventList } from './event-list.js';
import { FileOpener } from './file-opener.js';
import { Filters } from './filters.js';
import type { LabModel } from './lab-model.js';
import { RecordingView } from './recording-view.js';
import { RepairView } from './repair-view.js';
import { engineName, RunControls } from './run-controls.js';
import { ServerControls } from './server-controls.js';
import { StoryView } from './story-view.js';
import { Tabs } from './tabs.js';
import { Toolbar } from './toolbar.js';

/** The whole page. */
export function LaboratoryPage({ lab }: { lab: LabModel }) {
  const run = lab.run.value;
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // The part of the address after # is for the token of a link.
          event.preventDefault();
          document.getElementById('main')?.focus();
        }}
      >
        {say('Ir ao diagrama', 'To the diagram')}
      </a>
      <header class="bar">
        <h1>{say('Laboratório', 'Laboratory')}</h1>
        <PhaseBadge lab={lab} />
        <Switches />
      </header>
      <main id="main" class="laboratory" tabIndex={-1}>
        {run === undefined ? <Welcome lab={lab} /> : <Bench lab={lab} />}
      </main>
    </>
  );
}

function PhaseBadge({ lab }: { lab: LabModel }) {
  const engine = lab.run.value?.header.engine;
  const name = engine === undefined ? '' : engineName(engine);
  const phase = lab.phase.value;
  return (
    <p class="phase" role="status">
      {name !== '' && <strong>{name}</strong>}
      {phase === 'live' && <span class="badge badge-good">● {say('gravando', 'recording')}</span>}
      {phase === 'broken' && (
        <span class="badge badge-bad">
          {say(
            'o laboratório não responde; tentando de novo',
            'the laboratory does not answer; trying again',
          )}
        </span>
      )}
      {(phase === 'usedLink' || phase === 'ended') && lab.run.value !== undefined && (
        <span class="badge badge-bad">
          {say('a sessão terminou: peça um novo endereço', 'the session ended: ask for a new link')}
        </span>
      )}
      {phase === 'connecting' && <span class="badge">{say('conectando…', 'connecting…')}</span>}
      {phase === 'file' && (
        <span class="badge">
          {say('gravação', 'recording')} <bdi>{lab.fileName.value}</bdi>
        </span>
      )}
      {phase === 'file' && lab.isFileTruncated.value && (
        <span class="badge badge-warn">{say('a última linha está cortada', 'the last line is cut')}</span>
      )}
    </p>
  );
}

/** Before there is a run: what is needed for one. */
function Welcome({ lab }: { lab: LabModel }) {
  const phase = lab.phase.value;
  const [command, setCommand] = useState<string>();
  useEffect(() => {
    // Whoever does not answer has no new link either.
    laboratoryCommand().then(setCommand, () => undefined);
  }, []);
  if (phase === 'connecting') return <p role="status">{say('Conectando…', 'Connecting…')}</p>;
  return (
    <section class="sheet welcome">
      <h2>
        {phase === 'usedLink'
          ? say('Este endereço já foi usado', 'This link was used before')
          : phase === 'ended'
            ? say('A sessão desta aba terminou', 'The session of this tab has ended')
            : phase === 'broken'
              ? say('O laboratório não responde', 'The laboratory does not answer')
              : say('Falta um endereço novo', 'A new link is needed')}
      </h2>
      <p>
        {say(
          'O endereço que o laboratório mostra vale uma vez, para uma aba do navegador. No terminal do laboratório, tecle Enter e abra o endereço novo.',
          'The link that the laboratory shows is good once, for one tab of the browser. In the terminal of the laboratory, press Enter and open the new link.',
        )}
      </p>
      {command !== undefined && (
        <>
          <p>
            {say(
              'Se ele já terminou, comece outro em um terminal:',
              'If it has ended, start another in a terminal:',
            )}
          </p>
          <pre>
            <bdi>{command}</bdi>
          </pre>
        </>
      )}
      <h3>{say('Ou reveja uma gravação', 'Or replay a recording')}</h3>
      <FileOpener lab={lab} />
    </section>
  );
}

function Bench({ lab }: { lab: LabModel }) {
  const run = lab.run.value;
  const n = lab.selected.value;
  // A chosen event's past does not change, and its future is looked at again only as the run grows.
  const grown = lab.grown.value;
  const cone = useMemo(() => {
    const event = n === undefined ? undefined : run?.event(n);
    return run === undefined || event === undefined ? undefined : causalCone(run, event);
  }, [run, n, grown]);
  const tabs = [
    { id: 'story', title: say('Roteiro', 'Story'), content: () => <StoryView lab={lab} /> },
    { id: 'repair', title: say('Reparo', 'Repair'), content: () => <RepairView lab={lab} /> },
    { id: 'answers', title: say('Respostas', 'Answers'), content: () => <CallAnswers lab={lab} /> },
    { id: 'file', title: say('Gravação', 'Recording'), content: () => <RecordingView lab={lab} /> },
  ];
  return (
    <>
      <RunControls lab={lab} />
      <ServerControls lab={lab} />
      <CallControls lab={lab} />
      <div class="bench">
        <div class="bench-picture">
          <section class="sheet picture" aria-label={say('Diagrama', 'Diagram')}>
            <Toolbar lab={lab} />
            <Diagram lab={lab} cone={cone} />
            <details>
              <summary>{say('Legenda e filtro', 'Legend and filter')}</summary>
              <Filters lab={lab} />
            </details>
          </section>
          <div class="bench-words">
            <EventDetail lab={lab} cone={cone} />
            <EventList lab={lab} cone={cone} />
          </div>
        </div>
        <div class="bench-side">
          <Tabs
            label={say('Roteiro, reparo, respostas e gravação', 'Story, repair, answers and recording')}
            tabs={tabs}
          />
        </div>
      </div>
    </>
  );
}
