import urllib.request

print("downloading ...")
url = "http://example.com/this/file/does/not/exist/iris.csv"
text = urllib.request.urlopen(url, timeout=5).read().decode()
print(len(text.splitlines()), "lines")
