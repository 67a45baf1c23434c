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

export interface Shared {
  /** By component and program. */
  places?: Map<string, StepAndNode>;
  /** The address is about the program that was there first. */
  addressRead?: boolean;
  /** What the browser keeps, in pages that have a server. */
  kept?: { put(name: string, value: unknown): void; get(name: string): unknown };
  /** The player that takes the keys which nobody else has. */
  first?: { gv: HTMLElement } | null;
}

declare global {
  interface WindowEventMap {
    "autograd-lab:step": CustomEvent<Step>;
    "autograd-lab:line": CustomEvent<LineAct>;
    "autograd-lab:hello": CustomEvent<{ channel: string }>;
    "autograd-lab:typed": CustomEvent<{ channel: string; text: string }>;
    "autograd-lab:present": CustomEvent<{ on: boolean }>;
    "autograd-lab:save": CustomEvent<{ key: string; kind: string }>;
  }
  interface HTMLElementEventMap {
    "lab-pick": CustomEvent<number>;
  }
  var autogradLab: Shared | undefined;
}
