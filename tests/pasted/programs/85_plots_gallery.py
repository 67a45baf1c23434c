import os

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib import cm

torch.manual_seed(0)
np.random.seed(0)
plt.style.use("ggplot")
plt.rcParams["figure.figsize"] = (5, 3)


def f(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


# descend Himmelblau from several starting points
paths = {}
for start in [(0.0, 0.0), (-1.0, 1.0), (3.0, -3.0)]:
    p = torch.tensor(start, requires_grad=True)
    path = [p.detach().clone()]
    for _ in range(25):
        loss = f(p[0], p[1])
        loss.backward()
        with torch.no_grad():
            p.sub_(0.01 * p.grad)
            p.grad = None
        path.append(p.detach().clone())
    paths[start] = torch.stack(path).numpy()
    print(start, "->", paths[start][-1].round(1) + 0.0)

# 1 contour
g = np.linspace(-5, 5, 60)
XX, YY = np.meshgrid(g, g)
plt.figure()
plt.contourf(XX, YY, np.log1p(f(XX, YY)), 20, cmap=cm.viridis)
for k, v in paths.items():
    plt.plot(v[:, 0], v[:, 1], "w.-", lw=1, label=str(k))
plt.legend(fontsize=6)
plt.savefig("contour.png")

# 2 surface
fig = plt.figure()
ax = fig.add_subplot(111, projection="3d")
ax.plot_surface(XX, YY, f(XX, YY), cmap="coolwarm", rstride=6, cstride=6)
plt.savefig("surface.pdf")
plt.close(fig)

# 3 subplots with hist, bar, imshow, text
fig, axes = plt.subplots(2, 2, constrained_layout=True)
axes[0, 0].hist(np.random.randn(200), bins=20)
axes[0, 1].bar(["a", "b", "c"], [1, 3, 2])
axes[1, 0].imshow(np.random.rand(8, 8), interpolation="nearest")
axes[1, 0].set_xticks([])
axes[1, 1].text(0.5, 0.5, r"$\nabla f = 0$", ha="center")
fig.savefig("grid.svg")

# 4 left open, twin axes
fig4, a = plt.subplots()
b = a.twinx()
a.plot(paths[(0.0, 0.0)][:, 0], "r")
b.plot(paths[(0.0, 0.0)][:, 1], "b")

print("open figures:", plt.get_fignums())
print(sorted(x for x in os.listdir(".") if x.split(".")[-1] in ("png", "pdf", "svg")))
plt.show()
