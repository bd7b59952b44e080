// Plays the film of a training: draws a frame on two canvases, and steps from one to the next.

(() => {
  const film = JSON.parse(document.getElementById("data").textContent);
  const element = (id) => document.getElementById(id);
  const last = film.frames.length - 1;
  const inThePlane = film.labels.length > 0;
  const MILLISECONDS = 125; // a frame
  const SIDE = 240; // pixels of the surface, which the browser then scales
  let current = 0;
  let timer = null;

  // ---- shapes, in a square from -1 to 1: the same as those of the plots ----

  const polygon = (corners, start) =>
    Array.from({ length: corners }, (_, i) => {
      const angle = start + (2 * Math.PI * i) / corners;
      return [Math.cos(angle), Math.sin(angle)];
    });
  const UP = -Math.PI / 2;
  const SHAPES = [
    polygon(24, 0),
    polygon(3, UP),
    polygon(4, Math.PI / 4),
    polygon(4, 0),
    polygon(3, -UP),
    [[-0.3, -1], [0.3, -1], [0.3, -0.3], [1, -0.3], [1, 0.3], [0.3, 0.3], [0.3, 1], [-0.3, 1],
     [-0.3, 0.3], [-1, 0.3], [-1, -0.3], [-0.3, -0.3]],
    polygon(5, UP),
  ];
  const shape = (k) => SHAPES[k % SHAPES.length];
  const color = (k) => film.colors[k % film.colors.length];

  // ---- axes ----

  /** A canvas of the size it has by now, and the box between margins that hold the marks of y. */
  function begin(canvas, marks) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const font = Math.min(20, Math.max(13, width / 32));
    context.font = `${font}px system-ui, sans-serif`;
    context.lineJoin = "round";
    const style = getComputedStyle(document.documentElement);
    const widest = Math.max(0, ...marks.map((y) => context.measureText(short(y)).width));
    const left = widest + 2.2 * font;
    const box = { left, right: width - 1.8 * font, top: 0.6 * font, bottom: height - 3 * font };
    return { context, font, box, paint: (name) => style.getPropertyValue(name).trim() };
  }

  /** Round numbers between low and high, about n of them. */
  function ticks(low, high, n) {
    const rough = (high - low) / n;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough);
    const found = [];
    for (let i = Math.ceil(low / step); i * step <= high; i++) found.push(i * step);
    return found;
  }

  /** Numbers for a logarithmic axis: more of each power of ten, the fewer powers there are. */
  function powers(low, high) {
    const digits = high / low > 1000 ? [1] : high / low > 20 ? [1, 3] : [1, 2, 3, 5, 7];
    const found = [];
    const end = Math.floor(Math.log10(high));
    const every = Math.ceil((end - Math.floor(Math.log10(low)) + 1) / 7);
    for (let e = end; e >= Math.floor(Math.log10(low)); e -= every)
      for (const digit of digits) {
        const y = digit * 10 ** e;
        if (low <= y && y <= high) found.push(y);
      }
    return found;
  }

  const short = (x) => String(Number(x.toPrecision(4)));

  function axes({ context, font, box, paint }, xs, ys, place, names) {
    context.strokeStyle = paint("--line");
    context.fillStyle = paint("--quiet");
    context.lineWidth = 1;
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const x of xs) {
      context.fillText(short(x), place.x(x), box.bottom + 0.35 * font);
      line(context, [[place.x(x), box.bottom], [place.x(x), box.bottom + 4]]);
    }
    context.fillText(names[0], (box.left + box.right) / 2, box.bottom + 1.6 * font);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const y of ys) {
      context.fillText(short(y), box.left - 0.5 * font, place.y(y));
      line(context, [[box.left - 4, place.y(y)], [box.left, place.y(y)]]);
    }
    context.save();
    context.translate(0.6 * font, (box.top + box.bottom) / 2);
    context.rotate(UP);
    context.textAlign = "center";
    context.fillText(names[1], 0, 0);
    context.restore();
    context.strokeRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  }

  function line(context, points) {
    context.beginPath();
    for (const [x, y] of points) context.lineTo(x, y);
    context.stroke();
  }

  /** From numbers to pixels; y grows upwards. */
  function scales(box, [x0, x1], [y0, y1], map = (y) => y) {
    const [low, high] = [map(y0), map(y1)];
    return {
      x: (x) => box.left + ((x - x0) / (x1 - x0)) * (box.right - box.left),
      y: (y) => box.bottom - ((map(y) - low) / (high - low)) * (box.bottom - box.top),
    };
  }

  // ---- what the model makes of its inputs ----

  const bytes = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
  const surface = document.createElement("canvas");
  surface.width = surface.height = SIDE;

  /** Paints the regions: between places of the grid the leads of classes are interpolated. */
  function paintSurface(cells) {
    const [nx, ny] = film.size;
    const context = surface.getContext("2d");
    const image = context.createImageData(SIDE, SIDE);
    const colors = film.labels.map((_, k) => rgb(color(k)));
    for (let row = 0; row < SIDE; row++) {
      const v = (1 - row / (SIDE - 1)) * (ny - 1);
      const j = Math.min(Math.floor(v), ny - 2);
      for (let column = 0; column < SIDE; column++) {
        const u = (column / (SIDE - 1)) * (nx - 1);
        const i = Math.min(Math.floor(u), nx - 2);
        const [a, b] = [u - i, v - j];
        const shares = [(1 - a) * (1 - b), a * (1 - b), (1 - a) * b, a * b];
        const corners = [j * nx + i, j * nx + i + 1, (j + 1) * nx + i, (j + 1) * nx + i + 1];
        let [best, lead] = [cells[corners[0]], -Infinity];
        for (const corner of corners) {
          let sum = 0;
          for (let c = 0; c < 4; c++) {
            const ahead = cells[nx * ny + corners[c]];
            sum += shares[c] * (cells[corners[c]] === cells[corner] ? ahead : -ahead);
          }
          if (sum > lead) [best, lead] = [cells[corner], sum];
        }
        const at = 4 * (row * SIDE + column);
        image.data.set(colors[best], at);
        image.data[at + 3] = 50 + 0.5 * Math.max(0, lead);
      }
    }
    context.putImageData(image, 0, 0);
  }

  function drawModel(frame) {
    const marks = ticks(...film.y, 5);
    const drawing = begin(element("surface"), marks);
    const { context, font, box } = drawing;
    const place = scales(box, film.x, film.y);
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    context.clip();
    if (inThePlane) {
      paintSurface(bytes(frame.picture));
      context.drawImage(surface, box.left, box.top, box.right - box.left, box.bottom - box.top);
    }
    const n = film.points.length;
    const size = font * (n > 400 ? 0.22 : n > 20 ? 0.36 : 0.55);
    for (const [x, y, k] of film.points) {
      context.beginPath();
      for (const [dx, dy] of shape(k)) {
        context.lineTo(place.x(x) + size * dx, place.y(y) + size * dy);
      }
      context.closePath();
      context.fillStyle = color(k);
      context.strokeStyle = "white";
      context.lineWidth = 1.2;
      context.fill();
      context.stroke();
    }
    if (!inThePlane) {
      context.strokeStyle = film.colors[4];
      context.lineWidth = 3;
      const step = (film.x[1] - film.x[0]) / (frame.picture.length - 1);
      const known = frame.picture.map((y, i) => [place.x(film.x[0] + i * step), y]);
      line(context, known.filter(([, y]) => y !== null).map(([x, y]) => [x, place.y(y)]));
    }
    context.restore();
    axes(drawing, ticks(...film.x, 5), marks, place, film.names);
  }

  // ---- the loss ----

  function drawLoss(frame) {
    const known = film.curve.filter(([, loss]) => loss !== null);
    if (!known.length) {
      begin(element("loss"), []);
      return;
    }
    const losses = known.map(([, loss]) => loss);
    let [low, high] = [Math.min(...losses), Math.max(...losses)];
    const logarithmic = low > 0;
    const margin = logarithmic ? (high / low) ** 0.05 : (high - low) * 0.05;
    if (high === low) [low, high] = logarithmic ? [low / 2, high * 2] : [low - 1, high + 1];
    else [low, high] = logarithmic ? [low / margin, high * margin] : [low - margin, high + margin];
    const marks = logarithmic ? powers(low, high) : ticks(low, high, 5);
    const drawing = begin(element("loss"), marks);
    const { context, box, paint } = drawing;
    const end = Math.max(1, film.frames[last].step);
    const place = scales(box, [0, end], [low, high], logarithmic ? Math.log : undefined);
    const pixels = (points) => points.map(([step, loss]) => [place.x(step), place.y(loss)]);
    axes(drawing, ticks(0, end, 5).filter(Number.isInteger), marks, place, ["step", "loss"]);
    context.strokeStyle = paint("--line");
    context.lineWidth = 2;
    line(context, pixels(known));
    context.strokeStyle = context.fillStyle = paint("--curve");
    context.lineWidth = 3;
    line(context, pixels(known.filter(([step]) => step <= frame.step)));
    if (frame.loss === null) return;
    context.beginPath();
    context.arc(place.x(frame.step), place.y(frame.loss), 7, 0, 2 * Math.PI);
    context.fill();
    context.strokeStyle = paint("--back");
    context.lineWidth = 2;
    context.stroke();
  }

  // ---- which frame, and how one comes to it ----

  function describe(frame) {
    const of = film.frames[last].step;
    if (frame.step === 0) return of ? `step 0 of ${of}: before the training` : "before the training";
    return `step ${frame.step} of ${of}, loss ${frame.words}`;
  }

  function show(i) {
    current = Math.min(last, Math.max(0, i));
    const frame = film.frames[current];
    const words = describe(frame);
    drawModel(frame);
    drawLoss(frame);
    element("status").textContent = words;
    element("slider").value = current;
    element("slider").setAttribute("aria-valuetext", words);
    element("previous").disabled = current === 0;
    element("next").disabled = current === last;
    const what = inThePlane ? `regions of ${film.labels.join(", ")}` : "curve of the predictions";
    element("surface").setAttribute("aria-label", `${what}, and the data: ${words}`);
    element("loss").setAttribute("aria-label", `loss at each step: ${words}`);
  }

  function pause() {
    clearInterval(timer);
    timer = null;
    element("play").textContent = "Play";
    element("status").setAttribute("aria-live", "polite");
  }

  function play() {
    if (current === last) show(0);
    element("play").textContent = "Pause";
    element("status").setAttribute("aria-live", "off"); // it would be read out without an end
    timer = setInterval(() => {
      show(current + 1);
      if (current === last) pause();
    }, MILLISECONDS);
  }

  const toggle = () => (timer === null ? play() : pause());

  function go(i) {
    pause();
    show(i);
  }

  const KEYS = {
    " ": toggle,
    ArrowLeft: () => go(current - 1),
    ArrowRight: () => go(current + 1),
    Home: () => go(0),
    End: () => go(last),
  };

  document.addEventListener("keydown", (event) => {
    const onButton = event.target instanceof HTMLButtonElement && event.key === " ";
    if (onButton || event.ctrlKey || event.altKey || event.metaKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  element("previous").addEventListener("click", () => go(current - 1));
  element("next").addEventListener("click", () => go(current + 1));
  element("play").addEventListener("click", toggle);
  element("slider").addEventListener("input", (event) => go(Number(event.target.value)));

  const SVG = "http://www.w3.org/2000/svg";
  film.labels.forEach((label, k) => {
    const icon = document.createElementNS(SVG, "svg");
    icon.setAttribute("viewBox", "-1.1 -1.1 2.2 2.2");
    icon.setAttribute("aria-hidden", "true");
    const form = document.createElementNS(SVG, "polygon");
    form.setAttribute("points", shape(k).join(" "));
    form.setAttribute("fill", color(k));
    icon.append(form);
    const entry = document.createElement("span");
    entry.append(icon, label);
    element("legend").append(entry);
  });
  element("slider").max = last;
  show(0);
  new ResizeObserver(() => show(current)).observe(element("surface"));
  addEventListener("light", () => show(current)); // guest.js
  if (last > 0 && !matchMedia("(prefers-reduced-motion: reduce)").matches) play();
})();
