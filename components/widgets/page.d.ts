// What the widgets of one page share: the events by which the player and the editor talk, and what outlives a mount.

/** What a line made, printed or showed; `now` is whether it did so at this very moment. */
export interface Note {
  line: number;
  kind: string;
  text: string;
  now: boolean;
}

/** Where the player is; `text` is the program that its line numbers are of. */
export interface Step {
  channel: string;
  text: string;
  line: number | null;
  tone: "now" | "error";
  lit: number[];
  notes: Note[];
  backwards: number[];
  failed: number | null;
}

/** What the pointer does with a line of the editor. */
export interface LineAct {
  channel: string;
  line: number;
  act: "pick" | "hover" | "leave";
}

/** A step, by the number of its moment, and the box selected there. */
export interface StepAndNode {
  step: number | null;
  node: string | null;
}

/** What an editor holds as it is typed. */
export interface Typed {
  channel: string;
  text: string;
}

/** Values that outlive the page, as texts by name. */
export interface KeptValues {
  get(name: string): string | null;
  put(name: string, text: string): void;
}

export interface Shared {
  /** What is kept in this browser; a page that nobody serves keeps nothing. */
  kept?: KeptValues;
  /** By component and program. */
  places?: Map<string, StepAndNode>;
  /** The address is about the program that was there first. */
  addressRead?: boolean;
  /** Back and Forward are not undone by a run that began before. */
  keepsWay?: boolean;
  /** The player that takes the keys which nobody else has. */
  first?: { gv: HTMLElement } | null;
}

declare global {
  interface WindowEventMap {
    "autograd-lab:step": CustomEvent<Step>;
    "autograd-lab:line": CustomEvent<LineAct>;
    "autograd-lab:hello": CustomEvent<{ channel: string }>;
    "autograd-lab:typed": CustomEvent<Typed>;
    /** Whether the page is dressed for a projector. */
    "autograd-lab:present": CustomEvent<{ on: boolean }>;
    /** Which of the pictures is to be saved: of the player with this key, as svg, png2, png4 or dot. */
    "autograd-lab:save": CustomEvent<{ key: string; kind: string }>;
  }
  interface HTMLElementEventMap {
    "lab-pick": CustomEvent<number>;
  }
  var autogradLab: Shared | undefined;
}
