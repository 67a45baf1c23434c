// Made of the records in Python by declarations.py, which says how; not to be edited.

export interface PlayerData {
  svg: string;
  kind: "lab" | "torchviz";
  title: string;
  message: string;
  legend: [string, string][];
  terms: Partial<Record<string, string>>;
  source: string;
  signature: string;
  code: [string, string][][];
  backwards: number[];
  failed: number | null;
  moments: PlayerMoment[];
  cut: boolean;
  whole: string;
  notes: [number, number, string, string][];
  stale: number[];
  pictures: [number, string, string][];
  boxes: Partial<Record<string, PlayerBox>>;
  cards: Partial<Record<string, Card>>;
  carried: Partial<Record<string, [number, string, number][]>>;
  texts: Partial<Record<string, [number, string | null, string | null][]>>;
  findings: PlayerFinding[];
  more_findings: boolean;
  frames: [string, string[]][];
  opened: string[];
  level: number;
  levels: number;
  beyond: boolean;
  compact: boolean;
  dot?: string;
  columns?: [string, string][];
}

export interface PlayerMoment {
  kind: string;
  text: string;
  n: number;
  line?: number;
  box?: string;
  run?: number;
  lit?: number[];
}

export interface PlayerBox {
  born?: number;
  visits?: number[];
  freed?: number;
  line?: number;
  lines?: [number, number];
  names?: string;
  node?: string;
  order?: number;
  bytes?: number;
  norm?: number;
  module?: string;
  folded?: boolean;
  columns?: (number | null)[];
}

export interface Card {
  title: string;
  subtitle: string;
  formula: string | null;
  rows: [string, string][];
  note: string | null;
  kind: string;
  saved: [string, string][];
  freed: number | null;
  freed_by: string;
  formulas: CardFormula[];
  visits: Visit[];
  changes: [number, string, string][];
}

export interface CardFormula {
  to: string;
  symbols: string;
  numbers: string | null;
}

export interface Visit {
  moment: number;
  where: string;
  rows: [string, string][];
  formulas: CardFormula[];
  grids: CardGrid[];
  note: string;
}

export interface CardGrid {
  title: string;
  largest: number;
  cells: (number | null)[][];
}

export interface PlayerFinding {
  illness: "nan" | "inf" | "exploding" | "vanishing" | "dead";
  box: string | null;
  moment: number;
  text: string;
  first: boolean;
}

export interface PlayerMount {
  key: string;
  show_code: boolean;
  can_fold: boolean;
  own_menu: boolean;
  channel?: string;
  above?: number;
  goto?: Goto | null;
  refused: number;
  changes: Partial<Record<string, PlayerChange>>;
  foldings: [string[], number | null, string][];
}

export interface Goto {
  turn: number;
  step: number | null;
  box: string | null;
}

export interface PlayerChange {
  of: string;
  kinds: string[];
  value: string;
}

export type Message = PlayerData & PlayerMount;
