"""Prints what PIL makes of small images, for the tests beside it.

    python3 pil.py >pil.json    # Debian's python3-pil 9.4

With an archive and a number it writes the planes of that many of its JPEG files,
resized to 256 and cropped to 224 as torchvision does for ImageNet.
"""
import base64, io, json, sys, tarfile
from PIL import Image, ImageOps

b64 = lambda b: base64.b64encode(bytes(b)).decode()


def noise(state=12345):
    """The generator of noise() in resample_test.go."""
    while True:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        yield state >> 16 & 255


def planes(img):
    return b"".join(p.tobytes() for p in img.split())


def resized():
    for mode, w, h, ow, oh in [
        ("L", 13, 9, 5, 4), ("L", 5, 4, 9, 7), ("L", 28, 28, 32, 32), ("L", 7, 6, 7, 3), ("L", 7, 6, 3, 6),
        ("L", 1, 1, 9, 8), ("L", 9, 1, 3, 5), ("L", 100, 3, 4, 3), ("RGB", 32, 32, 24, 24), ("RGB", 40, 30, 11, 17),
        ("RGB", 17, 33, 40, 19), ("RGB", 200, 11, 16, 16),
    ]:
        source = noise()
        c = len(mode)
        img = Image.merge(mode, [Image.frombytes("L", (w, h), bytes(next(source) for _ in range(w * h))) for _ in mode]) if c > 1 \
            else Image.frombytes("L", (w, h), bytes(next(source) for _ in range(w * h)))
        for name, resample in [("bilinear", Image.BILINEAR), ("bicubic", Image.BICUBIC)]:
            yield {"filter": name, "c": c, "from": [h, w], "to": [oh, ow], "pixels": b64(planes(img.resize((ow, oh), resample)))}


def picture(w, h):
    """Soft colours with some edges, as photographs have."""
    img = Image.new("RGB", (w, h))
    img.putdata([((x * 9 + y * 3) % 256, (x * 2 + y * 11) % 256, 255 - (x * y) % 200) for y in range(h) for x in range(w)])
    return img.resize((w, h), Image.BICUBIC, (w / 8, h / 8, w / 2, h / 2))


def encoded(img, form, **options):
    out = io.BytesIO()
    img.save(out, form, **options)
    return out.getvalue()


def files():
    img = picture(37, 22)
    yield "x.png", encoded(img, "PNG")
    yield "grey.png", encoded(img.convert("L"), "PNG")
    yield "palette.png", encoded(img.quantize(9), "PNG")
    yield "alpha.png", encoded(Image.merge("RGBA", [*img.split(), img.getchannel(0)]), "PNG")
    yield "greyalpha.png", encoded(Image.merge("LA", [img.getchannel(1), img.getchannel(0)]), "PNG")
    yield "x.bmp", encoded(img, "BMP")
    yield "grey.bmp", encoded(img.convert("L"), "BMP")
    yield "x.gif", encoded(img.quantize(40), "GIF", save_all=True, append_images=[img.rotate(90).resize(img.size).quantize(40)])
    clear = encoded(img.quantize(40), "GIF", transparency=7)
    yield "transparent.gif", clear
    yield "part.gif", clear[:6] + bytes([41, 0, 25, 0]) + clear[10:]  # of a larger screen
    yield "x.tif", encoded(img, "TIFF", compression="tiff_lzw")
    yield "x.ppm", encoded(img, "PPM")
    yield "grey.pgm", encoded(img.convert("L"), "PPM")
    yield "lossless.webp", encoded(img, "WEBP", lossless=True)
    yield "lossy.webp", encoded(img, "WEBP", quality=85)
    for name, sampling in [("444", 0), ("422", 1), ("420", 2)]:
        yield name + ".jpg", encoded(img, "JPEG", quality=88, subsampling=sampling)
    yield "narrow.jpg", encoded(picture(3, 5), "JPEG", quality=88, subsampling=2)
    yield "progressive.jpg", encoded(img, "JPEG", quality=88, progressive=True)
    yield "grey.jpg", encoded(img.convert("L"), "JPEG", quality=88)
    cmyk = encoded(Image.merge("CMYK", [*img.split(), img.getchannel(1).point(lambda v: v // 3)]), "JPEG", quality=95)
    yield "cmyk.jpg", cmyk
    adobe = cmyk.index(b"Adobe")
    yield "ycck.jpg", cmyk[:adobe + 11] + b"\x02" + cmyk[adobe + 12:]
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"turned{orientation}.jpg", encoded(picture(13, 9), "JPEG", quality=95, subsampling=0, exif=exif)
    yield "turned.png", encoded(img, "PNG", exif=exif)
    yield "turned.webp", encoded(img, "WEBP", lossless=True, exif=exif)


def read():
    for name, content in files():
        img = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        yield {"name": name, "content": b64(content), "size": [img.height, img.width], "pixels": b64(planes(img))}


def cropped(img, size=256, side=224):
    w, h = img.size
    img = img.resize((size * w // h, size) if h <= w else (size, size * h // w), Image.BILINEAR)
    left, top = round((img.width - side) / 2), round((img.height - side) / 2)
    return img.crop((left, top, left + side, top + side))


def archived(path, count):
    with tarfile.open(path) as tar:
        for member in tar:
            if count > 0 and member.isfile() and member.name.lower().endswith((".jpg", ".jpeg")):
                count -= 1
                sys.stdout.buffer.write(planes(cropped(Image.open(tar.extractfile(member)).convert("RGB"))))


if __name__ == "__main__" and len(sys.argv) > 1:
    archived(sys.argv[1], int(sys.argv[2]))
elif __name__ == "__main__":
    one = lambda items: ",\n".join(json.dumps(i) for i in items)
    print('{"resized": [\n' + one(resized()) + '\n],\n"files": [\n' + one(read()) + "\n]}")
