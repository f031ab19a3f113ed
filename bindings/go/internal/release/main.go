// Command release lays out the modules of this folder as a server of modules has them (https://go.dev/ref/mod#goproxy-protocol),
// with the libraries in them:
//
//	release OUTPUT VERSION PLATFORM=LIBRARY…
//
// To publish the version, upload OUTPUT to the server that doorward.io names for its modules. Until then it works from
// the disk: GOPROXY=file://OUTPUT.
package main

import (
	"archive/zip"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// modules are the folders of the modules, by their paths. The nested one is no part of the other.
var modules = map[string]string{
	"doorward.io/doorward":              ".",
	"doorward.io/doorward/doorwardgrpc": "doorwardgrpc",
}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: release OUTPUT VERSION PLATFORM=LIBRARY…")
		os.Exit(2)
	}
	if err := release(os.Args[1], os.Args[2], os.Args[3:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// release writes both modules. It runs in the folder of the binding.
func release(output, version string, libraries []string) error {
	for module, folder := range modules {
		versions := filepath.Join(output, filepath.FromSlash(module), "@v")
		if err := os.MkdirAll(versions, 0o755); err != nil {
			return err
		}
		info, err := json.Marshal(map[string]string{"Version": version})
		if err != nil {
			return err
		}
		description, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err != nil {
			return err
		}
		packed := libraries
		if folder != "." {
			packed = nil
		}
		file := func(name string) string { return filepath.Join(versions, name) }
		if err := errors.Join(
			os.WriteFile(file("list"), []byte(version+"\n"), 0o644),
			os.WriteFile(file(version+".info"), info, 0o644),
			os.WriteFile(file(version+".mod"), description, 0o644),
			pack(file(version+".zip"), module+"@"+version+"/", folder, packed),
		); err != nil {
			return err
		}
	}
	return nil
}

// pack writes the archive of a module: its files, the licences, the libraries.
func pack(path, prefix, folder string, libraries []string) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	archive := zip.NewWriter(file)
	defer func() { err = errors.Join(err, archive.Close()) }()
	names, err := files(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := add(archive, prefix+filepath.ToSlash(name), filepath.Join(folder, name)); err != nil {
			return err
		}
	}
	for _, licence := range []string{"LICENSE-APACHE", "LICENSE-MIT"} {
		if err := add(archive, prefix+licence, filepath.Join("..", "..", licence)); err != nil {
			return err
		}
	}
	for _, library := range libraries {
		platform, path, ok := strings.Cut(library, "=")
		if _, err := os.Stat(filepath.Join("natives", platform)); !ok || err != nil {
			return fmt.Errorf("%s: not PLATFORM=LIBRARY of a platform in natives", library)
		}
		if err := addPacked(archive, prefix+"natives/"+platform+"/libdoorward.gz", path); err != nil {
			return err
		}
	}
	return nil
}

// files lists the files of a module, without those of modules inside it and without those that only the repository needs.
func files(folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		_, noModule := os.Stat(filepath.Join(path, "go.mod"))
		isInside := entry.IsDir() && name != "." && noModule == nil
		if isInside || slices.Contains([]string{"test", filepath.Join("internal", "release")}, name) {
			if entry.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if entry.Type().IsRegular() {
			names = append(names, name)
		}
		return nil
	})
	return names, err
}

func add(archive *zip.Writer, name, path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	writer, err := archive.Create(name)
	if err != nil {
		return err
	}
	_, err = writer.Write(content)
	return err
}

// addPacked adds a library as the binding unpacks it.
func addPacked(archive *zip.Writer, name, path string) error {
	library, err := os.Open(path)
	if err != nil {
		return err
	}
	defer library.Close()
	entry, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		return err
	}
	packer := gzip.NewWriter(entry)
	_, err = io.Copy(packer, library)
	return errors.Join(err, packer.Close())
}
