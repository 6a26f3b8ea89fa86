import type { LabModel } from './lab-model.js';
import type { ScenePoint } from './scene.js';
import { panned, zoomed } from './view.js';

/** A pointer that moves less than this has pressed, not dragged. */
const DRAG_PX = 5;
const NEAR_PX = { mouse: 14, touch: 26 } as const;
const ZOOM_STEP = 1.35;
const PAN_KEYS_PX = 120;

/** What hands and keys do to the picture. */
export class DiagramInput {
  targets: readonly ScenePoint[] = [];
  private readonly pointers = new Map<number, { x: number; y: number }>();
  private moved = 0;

  constructor(private readonly lab: LabModel) {}

  /** @returns what undoes it */
  attach(frame: HTMLElement | null): (() => void) | undefined {
    if (frame === null) return undefined;
    const stop = new AbortController();
    const options = { signal: stop.signal };
    frame.addEventListener('wheel', (event) => this.onWheel(event, frame), { ...options, passive: false });
    frame.addEventListener('pointerdown', (event) => this.onDown(event, frame), options);
    frame.addEventListener('pointermove', (event) => this.onMove(event, frame), options);
    for (const name of ['pointerup', 'pointercancel'] as const) {
      frame.addEventListener(name, (event) => this.onUp(event, frame), options);
    }
    return () => stop.abort();
  }

  onKey(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (!this.pressed(event.key, event.shiftKey)) return;
    event.preventDefault();
  }

  zoom(factor: number, aroundPx = this.lab.width.value / 2): void {
    const { lab } = this;
    const isFollowing = lab.isFollowing.value;
    if (lab.sequence.value === undefined) return;
    if (isFollowing) {
      lab.move(zoomed(lab.view.value, factor, lab.width.value), true);
      return;
    }
    lab.pan(zoomed(lab.view.value, factor, aroundPx));
  }

  private pressed(key: string, isShift: boolean): boolean {
    const { lab } = this;
    const { items } = lab.sequence.value ?? { items: [] };
    switch (key) {
      case 'ArrowRight':
      case 'ArrowLeft': {
        const way = key === 'ArrowRight' ? 1 : -1;
        if (isShift) lab.pan(panned(lab.view.value, way * PAN_KEYS_PX));
        else lab.step(way);
        return true;
      }
      case '+':
      case '=':
        this.zoom(ZOOM_STEP);
        return true;
      case '-':
        this.zoom(1 / ZOOM_STEP);
        return true;
      case '0':
        lab.showAll();
        return true;
      case 'Home':
        lab.select(items[0]?.n);
        return true;
      case 'End':
        lab.select(items.at(-1)?.n);
        return true;
      case ' ':
        if (lab.isFollowing.value) lab.isFollowing.value = false;
        else if (lab.player.isPlaying.value) lab.player.pause();
        else if (lab.phase.value === 'live') lab.follow();
        else lab.player.play();
        return true;
      case 'Escape':
        lab.select(undefined);
        return true;
      default:
        return false;
    }
  }

  /** A page is scrolled by the wheel, too: it zooms once the picture has the focus, or with Ctrl. */
  private onWheel(event: WheelEvent, frame: HTMLElement): void {
    const { lab } = this;
    const isSideways = Math.abs(event.deltaX) > Math.abs(event.deltaY) || event.shiftKey;
    if (!isSideways && !event.ctrlKey && !event.metaKey && document.activeElement !== frame) return;
    if (lab.sequence.value === undefined) return;
    event.preventDefault();
    if (isSideways) {
      lab.pan(panned(lab.view.value, event.deltaX === 0 ? event.deltaY : event.deltaX));
      return;
    }
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 30 : 1;
    this.zoom(Math.exp((-event.deltaY * lines) / 400), pointIn(event, frame).x);
  }

  private onDown(event: PointerEvent, frame: HTMLElement): void {
    if (event.button !== 0) return;
    this.pointers.set(event.pointerId, pointIn(event, frame));
    frame.setPointerCapture(event.pointerId);
    if (this.pointers.size === 1) this.moved = 0;
  }

  private onMove(event: PointerEvent, frame: HTMLElement): void {
    const before = this.pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = pointIn(event, frame);
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    if (this.moved < DRAG_PX) return;
    this.pointers.set(event.pointerId, now);
    const { lab } = this;
    if (lab.sequence.value === undefined) return;
    if (other === undefined) {
      lab.pan(panned(lab.view.value, before.x - now.x));
      return;
    }
    const factor = (Math.abs(now.x - other.x) + 1) / (Math.abs(before.x - other.x) + 1);
    lab.pan(zoomed(lab.view.value, factor, (now.x + other.x) / 2));
  }

  private onUp(event: PointerEvent, frame: HTMLElement): void {
    if (!this.pointers.delete(event.pointerId)) return;
    if (event.type === 'pointercancel' || this.moved >= DRAG_PX) return;
    const { x, y } = pointIn(event, frame);
    const near = NEAR_PX[event.pointerType === 'mouse' ? 'mouse' : 'touch'];
    let best: ScenePoint | undefined;
    let least: number = near;
    for (const target of this.targets) {
      const distance = Math.hypot(target.x - x, target.y - y);
      if (distance > least) continue;
      least = distance;
      best = target;
    }
    this.lab.select(best?.n);
  }
}

function pointIn(event: MouseEvent, frame: HTMLElement): { x: number; y: number } {
  const { left, top } = frame.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top };
}
