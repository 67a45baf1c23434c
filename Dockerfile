# Autograd Lab in a container: nothing but what runs, as a user without rights, on a read-only file system if one likes.
#
#   docker build -t autograd-lab .
#   docker run --rm -p 8501:8501 --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges autograd-lab
#
# PyTorch's wheel comes from TORCH_INDEX: the small CPU build by default. For CUDA name another of PyTorch's indexes,
# such as https://download.pytorch.org/whl/cu128; empty (TORCH_INDEX=) is pip's usual index.

# The program editor is built with Node.js, which does not go into the image. Where npm's packages cannot be reached the
# build goes on, and the app shows a plain text area.
FROM python:3.11-slim-bookworm AS editor

WORKDIR /build
COPY requirements-editor.txt package.json package-lock.json .npmrc ./
COPY components/widgets/nodejs.py components/widgets/
COPY components/widgets/editor components/widgets/editor
RUN python components/widgets/nodejs.py build requirements-editor.txt && mkdir -p components/widgets/editor/built

FROM python:3.11-slim-bookworm

ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
# More packages that programs may import, as pip names them: LAB_PACKAGES="pandas scikit-learn".
ARG LAB_PACKAGES=

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

# An init: it ends what programs leave behind, and passes on what the engine says.
RUN apt-get update && apt-get install -y --no-install-recommends tini && rm -rf /var/lib/apt/lists/*

WORKDIR /srv/autograd-lab

COPY requirements.txt ./
RUN python -m pip install ${TORCH_INDEX:+--index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)" \
    && python -m pip install -r requirements.txt \
    && if [ -n "$LAB_PACKAGES" ]; then python -m pip install $LAB_PACKAGES; fi \
    # PyTorch's C++ headers and its own tests never run here.
    && cd "$(python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/torch" \
    && rm -rf include test bin/test_* bin/protoc*

COPY .streamlit .streamlit
COPY components components
COPY --from=editor /build/components/widgets/editor/built components/widgets/editor/built
COPY app app
# The root file system may be read-only later: compile now, so that no start has to. The user owns nothing here.
RUN python -m compileall -q app components \
    && useradd --system --uid 10001 --home-dir /tmp --shell /usr/sbin/nologin lab

USER 10001
ENV HOME=/tmp \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    AUTOGRAD_LAB_METRICS=127.0.0.1:9501
EXPOSE 8501
# It fails where the pages do not answer, and where no program can be run.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "app", "health"]
ENTRYPOINT ["tini", "--"]
CMD ["python", "-m", "app", "--server.port", "8501"]
