/** Told how far a step has come; `done` and `total` in bytes. */
export type StepProgress = (step: string, done: number, total: number) => void;
