import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import { language, theme } from '../preferences.js';
import { say } from '../text.js';
import type { CausalCone } from './causality.js';
import { DiagramInput } from './diagram-input.js';
import { LaneLabels } from './lane-labels.js';
import type { LabModel } from './lab-model.js';
import { paint } from './paint.js';
import { readPalette } from './palette.js';
import type { Palette } from './palette.js';
import { sceneHeight } from './scene.js';
import { hostLanes } from './strokes.js';
import { sceneWords } from './words.js';

/** The space–time diagram: a picture that is moved by hand and by keys, with a list beside it that says the same. */
export function Diagram({ lab, cone }: { lab: LabModel; cone: CausalCone | undefined }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const palette = useRef<{ readonly key: string; readonly colours: Palette }>(undefined);
  const input = useRef<DiagramInput>(undefined);
  input.current ??= new DiagramInput(lab);

  const sequence = lab.sequence.value;
  const lanes = lab.run.value && sequence ? hostLanes(lab.run.value, sequence) : new Map<string, number>();
  const height = sceneHeight(lanes.size);
  const { value: width } = lab.width;

  useEffect(() => input.current?.attach(frame.current), []);
  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const watcher = new ResizeObserver(() => {
      lab.width.value = Math.max(120, element.clientWidth);
      if (lab.isFollowing.peek() && lab.sequence.peek() !== undefined) lab.follow();
    });
    watcher.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const repaint = (): void => {
      lab.grown.value += 1;
    };
    scheme.addEventListener('change', repaint);
    return () => {
      watcher.disconnect();
      scheme.removeEventListener('change', repaint);
    };
  }, []);

  // Whatever a picture is made of is read here, so that a change of it paints again, once a frame.
  const parts = [
    ...[lab.grown.value, lab.view.value, lab.selected.value, lab.until.value, cone],
    ...[language.value, theme.value, width, height, sequence],
  ];
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null || sequence === undefined) return;
    const scheduled = requestAnimationFrame(() => {
      const key = `${theme.peek()} ${matchMedia('(prefers-color-scheme: dark)').matches}`;
      if (palette.current?.key !== key)
        palette.current = { key, colours: readPalette(element.parentElement ?? element) };
      const ratio = window.devicePixelRatio;
      const [pixelWidth, pixelHeight] = [Math.round(width * ratio), Math.round(height * ratio)];
      if (element.width !== pixelWidth) element.width = pixelWidth;
      if (element.height !== pixelHeight) element.height = pixelHeight;
      const context = element.getContext('2d');
      if (context === null) return;
      context.setTransform(ratio, 0, 0, ratio, 0, 0);
      const painted = paint(context, {
        ...{ sequence, lanes, view: lab.view.peek(), width, height, palette: palette.current.colours },
        ...{ selected: lab.selected.peek(), cone, until: lab.until.peek(), words: sceneWords() },
      });
      if (input.current !== undefined) input.current.targets = painted.targets;
      element.dataset['strokes'] = String(painted.strokes);
      element.dataset['events'] = String(painted.targets.length);
    });
    return () => cancelAnimationFrame(scheduled);
  }, parts);

  return (
    <div class="diagram">
      <LaneLabels lab={lab} lanes={lanes} height={height} />
      <div
        ref={frame}
        class="diagram-frame"
        tabIndex={0}
        role="application"
        aria-label={say('Diagrama espaço-tempo', 'Space-time diagram')}
        aria-describedby="diagram-keys"
        onKeyDown={(event) => input.current?.onKey(event)}
      >
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${height}px` }} aria-hidden="true" />
      </div>
      <p id="diagram-keys" class="unseen">
        {say(
          'Setas para os lados: evento seguinte ou anterior. Mais e menos: zoom. Início e fim: primeiro e último evento. Espaço: pausa. Esc: desfaz a escolha. A lista de eventos diz o mesmo em palavras.',
          'Left and right arrows: event before or after. Plus and minus: zoom. Home and end: first and last event. Space: pause. Escape: choose nothing. The list of events says the same in words.',
        )}
      </p>
    </div>
  );
}
