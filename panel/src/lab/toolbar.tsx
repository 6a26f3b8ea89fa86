import { number, say } from '../text.js';
import { DiagramInput } from './diagram-input.js';
import type { LabModel } from './lab-model.js';
import { PLAYER_SPEEDS } from './player.js';
import { axisWord } from './strokes.js';

const ZOOM = 1.6;

/** Steps, replay, zoom and axis of the diagram. */
export function Toolbar({ lab }: { lab: LabModel }) {
  const run = lab.run.value;
  const sequence = lab.sequence.value;
  lab.observeGrowth();
  const isLive = lab.phase.value === 'live' || lab.phase.value === 'broken';
  const isFollowing = lab.isFollowing.value;
  const isPlaying = lab.player.isPlaying.value;
  const { axis } = lab.view.value;
  const input = new DiagramInput(lab);
  const rank = lab.selected.value === undefined ? undefined : sequence?.rank(lab.selected.value);
  return (
    <div class="toolbar" role="group" aria-label={say('Diagrama: andar e ver', 'Diagram: move and look')}>
      <span class="group">
        <button type="button" onClick={() => lab.step(-1)} disabled={run === undefined}>
          ◀ {say('passo', 'step')}
          <span class="unseen"> {say('para trás', 'back')}</span>
        </button>
        <button type="button" onClick={() => lab.step(1)} disabled={run === undefined}>
          {say('passo', 'step')} ▶<span class="unseen"> {say('para a frente', 'forward')}</span>
        </button>
      </span>
      {isLive && (
        <button
          type="button"
          aria-pressed={!isFollowing}
          onClick={() => (isFollowing ? (lab.isFollowing.value = false) : lab.follow())}
        >
          {isFollowing ? say('❚❚ pausar', '❚❚ pause') : say('● ao vivo', '● live')}
        </button>
      )}
      <span class="group">
        <button
          type="button"
          aria-pressed={isPlaying}
          onClick={() => (isPlaying ? lab.player.pause() : lab.player.play())}
          disabled={run === undefined}
        >
          {isPlaying ? say('❚❚ parar aqui', '❚❚ stop here') : say('▶ rever', '▶ replay')}
        </button>
        <label>
          <span class="unseen">{say('Velocidade', 'Speed')}</span>
          <select
            value={String(lab.player.speed.value)}
            onChange={({ currentTarget }) => (lab.player.speed.value = Number(currentTarget.value))}
          >
            {PLAYER_SPEEDS.map((speed) => (
              <option key={speed} value={String(speed)}>
                {number(speed, 2)}×
              </option>
            ))}
          </select>
        </label>
        {lab.until.value !== Infinity && !isPlaying && (
          <button type="button" onClick={() => lab.player.stop()}>
            {say('mostrar tudo', 'show everything')}
          </button>
        )}
      </span>
      <span class="group">
        <button type="button" onClick={() => input.zoom(1 / ZOOM)} aria-label={say('Afastar', 'Zoom out')}>
          −
        </button>
        <button type="button" onClick={() => input.zoom(ZOOM)} aria-label={say('Aproximar', 'Zoom in')}>
          +
        </button>
        <button type="button" onClick={() => lab.showAll()} disabled={run === undefined}>
          {say('inteiro', 'whole')}
        </button>
      </span>
      <button type="button" onClick={() => lab.switchAxis()} disabled={run === undefined}>
        <span class="unseen">{say('Eixo:', 'Axis:')} </span>
        {say(...axisWord(axis))} ⇄
      </button>
      <span class="quiet toolbar-place">
        {rank === undefined
          ? `${number(sequence?.items.length ?? 0)} ${say('eventos', 'events')}`
          : `${number(rank + 1)} / ${number(sequence?.items.length ?? 0)}`}
      </span>
    </div>
  );
}
