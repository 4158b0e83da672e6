/** Collects the text of `<t>`, without phonetic hints. */
export class RichText {
  value = '';
  private isText = false;
  private isPhonetic = false;

  get length(): number {
    return this.value.length;
  }

  clear(): void {
    this.value = '';
  }

  open(name: string): void {
    if (name === 'rPh') this.isPhonetic = true;
    else if (name === 't') this.isText = true;
  }

  add(piece: string): void {
    if (this.isText && !this.isPhonetic) this.value += piece;
  }

  close(name: string): void {
    if (name === 'rPh') this.isPhonetic = false;
    else if (name === 't') this.isText = false;
  }
}
