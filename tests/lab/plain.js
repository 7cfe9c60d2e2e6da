// Blinds our player: what only our server tells (its estimate of the connection, the times at which it made frames) is taken
// out of the answers before the player sees it. What is left any server of plain CMAF over HTTP gives. A classic script, which runs
// before the SDK's. Not part of the SDK: the player has no such switch.

{
  const get = Headers.prototype.get;
  Headers.prototype.get = function (name) {
    return /^cmsd-/i.test(name) ? null : get.call(this, name);
  };

  // `prft` boxes become boxes of no meaning.
  const KIND = [..."prft"].map((letter) => letter.charCodeAt(0));
  const ends = new WeakMap();
  const blind = (bytes, before) => {
    for (let split = 1; split < KIND.length; split++) {
      // Begun in the bytes before, ended in these.
      const begun = KIND.slice(0, split).every((byte, n) => before[before.length - split + n] === byte);
      if (begun && KIND.slice(split).every((byte, n) => bytes[n] === byte)) bytes[KIND.length - split - 1] = 0x2d;
    }
    for (let at = bytes.indexOf(KIND[0]); at >= 0; at = bytes.indexOf(KIND[0], at + 1)) {
      if (KIND.every((byte, n) => bytes[at + n] === byte)) bytes.set([0x66, 0x72, 0x65, 0x65], at);
    }
  };
  const read = ReadableStreamDefaultReader.prototype.read;
  ReadableStreamDefaultReader.prototype.read = async function () {
    const part = await read.call(this);
    if (part.value instanceof Uint8Array) {
      const before = ends.get(this) ?? [];
      const end = [...before, ...part.value.slice(-3)].slice(-3);
      blind(part.value, before);
      ends.set(this, end);
    }
    return part;
  };
}
